import { NnLabError } from '../errors.js';
import { type CheckpointStore, storeOver } from '../training/index.js';

const databaseName = 'nn-lab-checkpoints';
const storeName = 'checkpoints';

/**
 * Keeps the last two checkpoints of a run in the browser's IndexedDB, under a name of the caller's
 * choice.
 */
export function createCheckpointStore(name: string): CheckpointStore {
  const keyOf = (number: number) => [name, number];
  return storeOver({
    async list() {
      const range = IDBKeyRange.bound([name], [name, []]);
      const keys = await inStore('readonly', (store) => store.getAllKeys(range));
      return keys.map((key) => (key as [string, number])[1]);
    },
    nameOf: (number) => `checkpoint ${number} of '${name}' in the browser's storage`,
    read: (number) => inStore('readonly', (store) => store.get(keyOf(number))),
    async write(number, bytes) {
      await inStore('readwrite', (store) => store.put(bytes, keyOf(number)));
    },
    async remove(number) {
      await inStore('readwrite', (store) => store.delete(keyOf(number)));
    },
  });
}

/** Runs one request in a transaction of its own, which is done as a whole or not at all. */
async function inStore<T>(
  mode: IDBTransactionMode,
  request: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await openDatabase();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(storeName, mode);
      const asked = request(transaction.objectStore(storeName));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onerror = transaction.onabort = () => reject(storageError(transaction.error));
    });
  } finally {
    database.close();
  }
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(databaseName, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(storeName);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(storageError(opening.error));
  });
}

function storageError(cause: DOMException | null): NnLabError {
  const what =
    cause?.name === 'QuotaExceededError'
      ? 'The browser gives this page no more storage. Free some in its settings, or train without checkpoints'
      : "The browser's storage (IndexedDB) cannot be used. Leave private browsing, or train without checkpoints";
  return new NnLabError(`${what} (${cause?.message ?? 'no reason given'}).`, { cause });
}
