import { pathOption } from '@nn-lab/core/cli';

/** `--model DIR`: where a trained network lies. */
export const modelOption = pathOption('model', 'run folder or model folder of a trained network', {
  placeholder: 'DIR',
  default: 'runs/clock/quick',
});
