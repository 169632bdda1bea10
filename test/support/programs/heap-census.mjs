/**
 * Counts what is in the heap of this process after a garbage collection: the objects of each class, and the entries of
 * every Map, Set and array that an object holds in a member, by `Class.member`; a free place of an array is none. The
 * inspector of Node finds the objects, so the counted code knows nothing of it and nothing escapes by being private.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../../../dist', import.meta.url));
const GROUP = 'census';

/** What is kept of each object that Node or a library made: enough to see whose socket or timer stays. */
const WATCHED = ['Socket', 'Server', 'IncomingMessage', 'ServerResponse', 'WebSocket', 'Receiver', 'Sender'];

const session = new Session();
session.connect();

/** The names of all classes of the package. */
function packageClasses() {
  const files = readdirSync(dist, { recursive: true }).filter((name) => name.endsWith('.js'));
  const texts = files.map((name) => readFileSync(join(dist, name), 'utf8'));
  return [...new Set(texts.flatMap((text) => [...text.matchAll(/^(?:export )?(?:let \w+ = )?class (\w+)/gm)]))].map(
    ([, name]) => name,
  );
}

const NAMES = JSON.stringify([...new Set(packageClasses())]);

/** Runs over the array of all objects of the heap; what it needs is in it, for the inspector takes its text. */
const COUNT = `function () {
  const ours = new Set(${NAMES});
  const watched = new Set(${JSON.stringify(WATCHED)});
  const objects = {};
  const entries = {};
  const owned = new Set();
  const timers = {};
  let others = 0;
  const add = (counts, name, count) => { counts[name] = (counts[name] ?? 0) + count; };
  const collections = [];
  // The prototype of a subclass is an instance of Map without entries.
  const sizeOf = (collection) => { try { return collection.size; } catch { return 0; } };
  const isCollection = (value) => value instanceof Map || value instanceof Set;
  for (const object of this) {
    if (isCollection(object)) { collections.push(object); continue; }
    const made = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(object) ?? {}, 'constructor')?.value;
    const name = typeof made === 'function' ? made.name : '';
    // Those without a name by their time, which says what they are as well. Node's own clock for the Date header comes and
    // goes with each answer.
    if (name === 'Timeout' && object._destroyed === false && object._onTimeout?.name !== 'resetCache')
      add(timers, object._onTimeout?.name || object._idleTimeout + ' ms', 1);
    if (watched.has(name)) add(objects, name, 1);
    if (!ours.has(name)) { others++; continue; }
    if (Object.hasOwn(object, 'constructor')) continue;
    add(objects, name, 1);
    for (const key of Object.getOwnPropertyNames(object)) {
      const held = Object.getOwnPropertyDescriptor(object, key).value;
      if (isCollection(held)) { owned.add(held); add(entries, name + '.' + key, sizeOf(held)); }
      else if (Array.isArray(held)) add(entries, name + '.' + key, held.filter((entry) => entry !== undefined).length);
    }
  }
  let elsewhere = 0;
  for (const collection of collections) if (!owned.has(collection)) elsewhere += sizeOf(collection);
  return { objects, entries, timers, elsewhere, others };
}`;

/** The counts of this moment. Stops the process for as long as it takes. */
export function takeCensus() {
  try {
    const { result: prototype } = ask('Runtime.evaluate', { expression: 'Object.prototype', objectGroup: GROUP });
    const { objects } = ask('Runtime.queryObjects', { prototypeObjectId: prototype.objectId, objectGroup: GROUP });
    const call = { objectId: objects.objectId, functionDeclaration: COUNT, returnByValue: true };
    const { result, exceptionDetails } = ask('Runtime.callFunctionOn', call);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  } finally {
    ask('Runtime.releaseObjectGroup', { objectGroup: GROUP });
  }
}

function ask(method, parameters) {
  let answer;
  session.post(method, parameters, (error, result) => {
    if (error) throw new Error(`${method}: ${error.message}`);
    answer = result;
  });
  return answer;
}
