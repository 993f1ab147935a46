import { type CheckpointStore, storeOver } from '../training/index.js';
import { inStorage } from './storage.js';

const place = { database: 'nn-lab-checkpoints', store: 'checkpoints' };

/**
 * Keeps the last two checkpoints of a run in the browser's IndexedDB, under a name of the caller's
 * choice.
 */
export function createCheckpointStore(name: string): CheckpointStore {
  const keyOf = (number: number) => [name, number];
  return storeOver({
    async list() {
      const range = IDBKeyRange.bound([name], [name, []]);
      const keys = await inStorage(place, 'readonly', (store) => store.getAllKeys(range));
      return keys.map((key) => (key as [string, number])[1]);
    },
    nameOf: (number) => `checkpoint ${number} of '${name}' in the browser's storage`,
    read: (number) => inStorage(place, 'readonly', (store) => store.get(keyOf(number))),
    async write(number, bytes) {
      await inStorage(place, 'readwrite', (store) => store.put(bytes, keyOf(number)));
    },
    async remove(number) {
      await inStorage(place, 'readwrite', (store) => store.delete(keyOf(number)));
    },
  });
}
