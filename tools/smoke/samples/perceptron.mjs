/** Trains on rows made here: the weights must be the same in every JavaScript engine. */
export async function sample({ matrixOf, Perceptron, saveFitted, loadFitted }) {
  const rows = Array.from({ length: 60 }, (_, row) =>
    Array.from(
      { length: 7 },
      (_, column) => ((row * 31 + column * 17 + row * column) % 23) / 11 - 1,
    ),
  );
  const labels = rows.map((_, row) => row % 3);
  const x = matrixOf(rows);
  const guesses = [];
  for (const method of ['batch', 'online', 'averaged']) {
    const perceptron = new Perceptron({ method, maxEpochs: 20 });
    await perceptron.fit(x, labels);
    guesses.push((await perceptron.predict(x)).join(''));
  }
  const kept = new Perceptron({ maxEpochs: 3 });
  await kept.fit(x, labels);
  const inBrowser = typeof localStorage !== 'undefined';
  const place = inBrowser ? 'indexeddb://smoke' : './smoke-perceptron.json';
  await saveFitted(kept, place);
  const loaded = await loadFitted(place, [Perceptron]);
  return {
    exact: { guesses, weights: Array.from(loaded.weights) },
    note: 'weights as in Node, saved and loaded',
  };
}
