import { createRandom } from '@nn-lab/core/random';

/** Renders clocks: the pixels must be the same in every JavaScript engine. */
export async function sample({ renderClock, renderClocks }) {
  const one = renderClock({ hour: 10, minute: 8 }, { rotation: 30, glare: true }, { size: 96 });
  const many = await renderClocks(6, createRandom(42), { size: 64 });
  return {
    exact: {
      one: fingerprint(one.data),
      many: fingerprint(many.images),
      times: [...many.hours].map((hour, index) => `${hour}:${many.minutes[index]}`),
    },
    note: `pixels ${fingerprint(many.images)}, as in Node`,
  };
}

/** FNV-1a, 32 bits. */
function fingerprint(bytes) {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0');
}
