import { MemoryMemberships } from '../../src/backing/memory/memory-memberships.js';
import { describeMemberships } from './memberships.suite.js';

describeMemberships('MemoryMemberships', () => ({ memberships: new MemoryMemberships(), close: () => undefined }));
