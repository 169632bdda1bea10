import { isLater } from '../../core/now-or-later.js';
import type { PushEventDeclaration } from '../push-event.decorator.js';
import { classRules } from './class-rules.js';
import { faultsOf } from './data-faults.js';
import type { EventRules } from './event-rules.interface.js';
import type { StandardIssue, StandardResult, StandardSchema } from './standard-schema.js';

/** The rules of the declaration; undefined where it has none. Throws a PushError where they cannot be used. */
export function rulesOf({ schema, type }: PushEventDeclaration): EventRules | undefined {
  if (schema) return schemaRules(schema);
  return type && classRules(type);
}

function schemaRules(schema: StandardSchema): EventRules {
  const { '~standard': standard } = schema;
  const faults = ({ issues = [] }: StandardResult, data: unknown) => faultsOf(issues.map(issueOf), data);
  return {
    judge: (data) => {
      const result = standard.validate(data);
      return isLater(result) ? result.then((late) => faults(late, data)) : faults(result, data);
    },
    judgeNow: (data) => {
      const result = standard.validate(data);
      if (!isLater(result)) return faults(result, data);
      result.catch(() => {});
      return undefined;
    },
  };
}

function issueOf({ path = [], message }: StandardIssue) {
  return { message, path: path.map((part) => (typeof part === 'object' ? part.key : part)) };
}
