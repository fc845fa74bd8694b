/** What the process keeps for itself, its settings and its answers to idempotency keys: sealed, for both may hold keys and tokens. */
import { acceptName, acceptText, acceptWhole } from './accepted.ts';
import type { Database } from './database.ts';
import { textOf, valueOf } from './json.ts';
import { ACTOR_ANSWERS } from './limits.ts';
import type { AnswerRecord, Json } from './records.ts';
import type { Sealer } from './sealer.ts';
import type { LedgerStore } from './store.ts';

/** The part of the store about settings. */
export type Settings = Pick<LedgerStore, 'setting' | 'putSetting'>;
/** The part of the store about answers. */
export type Answers = Pick<LedgerStore, 'answer' | 'putAnswer'>;

interface Sealed {
  readonly sealed: Uint8Array;
}

const WRITE_SETTING = `INSERT INTO settings (name, sealed) VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed`;
const READ_ANSWER = 'SELECT sealed FROM answers WHERE actor = ? AND key = ? AND stored_ms > ?';
const WRITE_ANSWER = `INSERT INTO answers (actor, key, stored_ms, sealed) VALUES (?, ?, ?, ?)
  ON CONFLICT (actor, key) DO UPDATE SET stored_ms = excluded.stored_ms, sealed = excluded.sealed`;
const DROP_OLDEST = `DELETE FROM answers WHERE actor = ? AND stored_ms <
  (SELECT stored_ms FROM answers WHERE actor = ? ORDER BY stored_ms DESC LIMIT 1 OFFSET ${ACTOR_ANSWERS - 1})`;

/** Settings in `database`, sealed by `sealer`. */
export function settingsIn(database: Database, sealer: Sealer): Settings {
  return {
    setting: (name) => {
      const row = database.row<Sealed>('SELECT sealed FROM settings WHERE name = ?', name);
      return row === null ? null : valueOf<Json>(textIn(sealer.open(['setting', name], row.sealed)));
    },
    putSetting: (name, value) => {
      acceptName('name of the setting', name);
      const text = textOf(`the setting ${name}`, value, 'settingBytes');
      database.change(() => database.run(WRITE_SETTING, name, sealer.seal(['setting', name], Buffer.from(text))));
    },
  };
}

/** Answers in `database`, sealed by `sealer`: one of them may be the token that was asked for. */
export function answersIn(database: Database, sealer: Sealer): Answers {
  return {
    answer: (actor, key, sinceMs) => {
      const row = database.row<Sealed>(READ_ANSWER, actor, key, sinceMs);
      return row === null ? null : valueOf<AnswerRecord>(textIn(sealer.open(['answer', actor, key], row.sealed)));
    },
    putAnswer: (actor, key, answer, nowMs) => putAnswer(database, sealer, actor, key, answer, nowMs),
  };
}

function putAnswer(
  database: Database,
  sealer: Sealer,
  actor: string,
  key: string,
  answer: AnswerRecord,
  nowMs: number,
): void {
  acceptText("the actor's name", actor);
  acceptName('idempotency key', key);
  acceptWhole('nowMs', nowMs);
  const text = textOf('the answer', answer, 'answerBytes');
  database.change(() => {
    database.run(WRITE_ANSWER, actor, key, nowMs, sealer.seal(['answer', actor, key], Buffer.from(text)));
    database.run(DROP_OLDEST, actor, actor);
  });
}

function textIn(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
