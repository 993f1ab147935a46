import { pathOption } from '@nn-lab/core/cli';

/** `--model DIR`: what `train` made. */
export const modelOption = pathOption('model', 'run folder of `train`, or its classifier.json', {
  placeholder: 'PATH',
  default: ({ project }) => `runs/${project}/train`,
  defaultText: 'runs/classifier/train',
});
