import type * as tf from '@tensorflow/tfjs';

/** All layers of a model, those inside nested models and wrappers included, each once. */
export function layersOf(model: tf.LayersModel): tf.layers.Layer[] {
  const found = new Set<tf.layers.Layer>();
  const visit = (layer: tf.layers.Layer): void => {
    if (found.has(layer)) return;
    found.add(layer);
    const { layers, layer: wrapped } = layer as Partial<tf.LayersModel> & {
      layer?: tf.layers.Layer;
    };
    for (const inner of layers ?? []) visit(inner);
    if (wrapped) visit(wrapped);
  };
  for (const layer of model.layers) visit(layer);
  return [...found];
}

/** A layer whose chance depends on the training step. */
export interface StepAwareLayer {
  /** Called before each training step with the steps taken so far. */
  setTrainingStep(step: number): void;
}

export function isStepAware(layer: object): layer is StepAwareLayer {
  return typeof (layer as Partial<StepAwareLayer>).setTrainingStep === 'function';
}

/** Layers of tfjs that draw from `Math.random` or repeat one draw, so that no run repeats another. */
export function unseededLayers(model: tf.LayersModel): string[] {
  const noisy = ['Dropout', 'SpatialDropout1D', 'GaussianNoise', 'GaussianDropout', 'AlphaDropout'];
  return layersOf(model)
    .filter((layer) => noisy.includes(layer.getClassName()))
    .map((layer) => `${layer.name} (${layer.getClassName()})`);
}
