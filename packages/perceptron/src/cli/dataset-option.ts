import { choiceOption } from '@nn-lab/core/cli';

/** `--dataset NAME`. */
export const datasetOption = choiceOption(
  'dataset',
  'what to learn',
  {
    digits16: '16x16 digits; those that come with the package where no folder has the course files',
    mnist: '28x28 digits',
    'fashion-mnist': '28x28 pictures of clothes',
  },
  { default: 'digits16' },
);
