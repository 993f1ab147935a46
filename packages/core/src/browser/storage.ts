import { NnLabError } from '../errors.js';

/** A database of the browser with one store. */
export interface StoragePlace {
  readonly database: string;
  readonly store: string;
}

/** Runs one request in a transaction of its own, which is done as a whole or not at all. */
export async function inStorage<T>(
  { database: name, store }: StoragePlace,
  mode: IDBTransactionMode,
  request: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await openDatabase(name, store);
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(store, mode);
      const asked = request(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onerror = transaction.onabort = () => reject(storageError(transaction.error));
    });
  } finally {
    database.close();
  }
}

function openDatabase(name: string, store: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(store);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(storageError(opening.error));
  });
}

function storageError(cause: DOMException | null): NnLabError {
  const what =
    cause?.name === 'QuotaExceededError'
      ? 'The browser gives this page no more storage. Free some in its settings, or keep less'
      : "The browser's storage (IndexedDB) cannot be used. Leave private browsing, or keep nothing";
  return new NnLabError(`${what} (${cause?.message ?? 'no reason given'}).`, { cause });
}
