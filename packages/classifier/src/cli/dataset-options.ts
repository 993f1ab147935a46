import { choiceOption, dataOption, pathOption } from '@nn-lab/core/cli';

/** `--dataset NAME` and `--data DIR`. */
export const datasetOptions = [
  choiceOption(
    'dataset',
    'a named data set',
    {
      digits16: "the course's digits, or those that come along",
      mnist: '70,000 digits of 28x28',
      'fashion-mnist': '70,000 pieces of clothing of 28x28',
      'cifar-10': '60,000 color pictures of 32x32',
    },
    { default: 'digits16' },
  ),
  dataOption,
] as const;

/** `--labels FILE`, for rows that come from a file. */
export const labelsOption = pathOption(
  'labels',
  'CSV file with the class of each row, a name or a number',
  {
    placeholder: 'FILE',
    existing: 'file',
  },
);
