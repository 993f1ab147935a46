import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { useDemo } from './demo.js';

const demo = useDemo();
const lines = (text: string) => text.split('\n').filter((line) => line !== '');
let count = 0;
const freshFolder = () => demo.path(`out-${++count}`);

describe('help', () => {
  test('the program lists its commands and ends with an example', async () => {
    const { code, stdout, stderr } = await demo.run(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('A demonstration of the command-line frame.');
    expect(stdout).toMatch(/^ {2}train {14}train the demo network$/m);
    expect(stdout).toMatch(/^ {2}read <picture\.\.\.> {2}say how long pictures are$/m);
    expect(stdout).toMatch(
      /Examples:\n {2}# train in seconds\n {2}node .*nn-demo\.js train --preset smoke\n/,
    );
  });

  test('a command lists its flags in groups, with choices and defaults, within 80 columns', async () => {
    const { code, stdout } = await demo.run(['train', '--help']);
    expect(code).toBe(0);
    const headings = ['What to run:', 'Where it runs:', 'Files:', 'What it prints:', 'Examples:'];
    const places = headings.map((heading) => stdout.indexOf(`\n${heading}\n`));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
    const text = stdout.replace(/\s+/g, ' ');
    expect(text).toContain(
      'smoke (seconds, for tests), quick (ten minutes), course (hours) (default: quick)',
    );
    expect(text).toContain('(default: 42)');
    expect(text).toContain('(default: runs/demo/<preset>)');
    for (const flag of [
      '--preset',
      '--seed',
      '--backend',
      '--threads',
      '--data',
      '--out',
      '--resume',
      '--json',
      '--quiet',
      '--verbose',
    ]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${flag}\\b`, 'm'));
    }
    const examples = stdout.indexOf('\nExamples:\n');
    for (const line of lines(stdout.slice(0, examples)))
      expect(line.length).toBeLessThanOrEqual(80);
  });

  test('a narrow terminal gets narrow lines', async () => {
    const { stdout } = await demo.run(['train', '--help'], { env: { COLUMNS: '60' } });
    const help = stdout.slice(0, stdout.indexOf('\nExamples:\n'));
    expect(Math.max(...lines(help).map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  test('--version prints the version alone', async () => {
    expect(await demo.run(['--version'])).toMatchObject({ code: 0, stdout: '1.2.3\n', stderr: '' });
  });

  test('with no command at all the help goes to stderr and the exit code is 2', async () => {
    const { code, stdout, stderr } = await demo.run([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Commands:');
  });
});

test('every example of every help runs as it is printed', async () => {
  const helps = [['--help'], ['train', '--help']];
  const printed = await Promise.all(helps.map(async (args) => (await demo.run(args)).stdout));
  const calls = printed.flatMap((help) => help.match(/^ {2}node .*nn-demo\.js.*$/gm) ?? []);
  expect(calls).toHaveLength(3);
  for (const call of calls) {
    const [, , ...args] = call.trim().split(' ');
    expect(args.filter((word) => word === 'train')).toHaveLength(1);
    const { code, stderr } = await demo.run([...args, '--epochs=1']);
    expect({ call, code, stderr: code === 0 ? '' : stderr }).toEqual({ call, code: 0, stderr: '' });
  }
});

describe('what comes from outside', () => {
  const hostile = 'a\u001b[2J\u001b]0;owned\u0007\rb\u009b31m\u202e\u2028.png';

  test('never steers the terminal: not in results, lines, errors or JSON', async () => {
    await writeFile(demo.path(hostile), 'four');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to keep out
    const steering = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/;
    for (const args of [
      ['read', hostile],
      ['read', hostile, '--json'],
      ['read', `${hostile}x`],
      ['fail', '--how', demo.path(hostile, 'x')],
      ['fail', '--how', 'data', '--verbose'],
      ['train', '--epochs=1', '--note', hostile, '--out', freshFolder()],
      [`tra${hostile}`],
      ['train', `--epo${hostile}`],
      ['train', '--seed', hostile],
    ]) {
      const { stdout, stderr } = await demo.run(args);
      expect(stdout + stderr).not.toMatch(steering);
    }
    const { stdout } = await demo.run(['read', hostile]);
    expect(stdout).toContain(
      'a\\x1b[2J\\x1b]0;owned\\x07\\x0db\\x9b31m\\u202e\\u2028.png: 4 bytes',
    );
    const { files } = JSON.parse((await demo.run(['read', hostile, '--json'])).stdout);
    expect(files).toEqual([demo.path(hostile)]);
  });

  test('stays on its line', async () => {
    const name = 'two\nnn-demo: fake line.png';
    await writeFile(demo.path(name), 'four');
    const { stdout } = await demo.run(['read', name]);
    expect(lines(stdout)).toEqual([demo.path('two\\nnn-demo: fake line.png: 4 bytes')]);
    const { stderr } = await demo.run([
      'train',
      '--epochs=1',
      '--note',
      name,
      '--out',
      freshFolder(),
    ]);
    expect(stderr).toContain('note: two\\nnn-demo: fake line.png\n');
  });
});

describe('a wrong command line is one line and exit code 2', () => {
  const cases: [string, string[], RegExp][] = [
    [
      'an unknown command',
      ['trian'],
      /Unknown command "trian"; did you mean train\? Commands: train, read,/,
    ],
    ['a command like no other', ['zzzzzz'], /Unknown command "zzzzzz"\. Commands: train,/],
    [
      'an unknown flag',
      ['train', '--prest=quick'],
      /Unknown flag --prest; did you mean --preset\?/,
    ],
    ['a flag like no other', ['train', '--qqqqqqqq'], /Unknown flag --qqqqqqqq\. See /],
    [
      'a flag before the command',
      ['--seed=3', 'train'],
      /Unknown flag --seed before the command\. Write it after train\./,
    ],
    [
      'a word for a number',
      ['train', '--seed', 'x'],
      /--seed expects a whole number from 0 to 4294967295, got "x"\./,
    ],
    [
      'a fraction for a whole number',
      ['train', '--epochs', '1.5'],
      /--epochs expects a whole number of at least 1, got "1\.5"\./,
    ],
    [
      'a number out of range',
      ['train', '--epochs=-3'],
      /--epochs expects a whole number of at least 1, got "-3"\./,
    ],
    [
      'a bound that is not included',
      ['train', '--learning-rate', '0'],
      /--learning-rate expects a number above 0 and up to 10, got "0"\./,
    ],
    ['an endless number', ['train', '--learning-rate', 'Infinity'], /got "Infinity"/],
    ['a hexadecimal number', ['train', '--epochs', '0x10'], /got "0x10"/],
    [
      'a bad item of a list',
      ['train', '--classes', '24,one'],
      /--classes expects a whole number of at least 2, got "one"\./,
    ],
    [
      'a choice that is none',
      ['train', '--preset', 'quik'],
      /--preset expects one of smoke, quick, course, got "quik"; did you mean quick\?/,
    ],
    ['an empty path', ['train', '--out='], /--out expects a path, got an empty value\./],
    [
      'a folder that is not there',
      ['train', '--data', 'nowhere'],
      /--data: there is no folder at .*nowhere\. Check the path\./,
    ],
    [
      'a flag where a value belongs',
      ['train', '--out', '--quiet'],
      /--out expects a value, got the flag --quiet\./,
    ],
    ['a value that is missing', ['train', '--seed'], /--seed expects a value and got none\./],
    ['a required flag that is missing', ['fail'], /--how is required\./],
    [
      'an argument too many',
      ['train', 'picture.png'],
      /Too many arguments: train takes flags only\./,
    ],
    ['an argument that is missing', ['read'], /The argument <picture> is missing\./],
    [
      'a picture that is not there',
      ['read', 'none.png'],
      /picture: there is no file at .*none\.png\. Check the path\./,
    ],
    ['a folder for a picture', ['read', '.'], /picture expects a file, but .* is a folder\./],
  ];
  test.concurrent.each(cases)('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await demo.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(lines(stderr)).toHaveLength(1);
    expect(stderr).toMatch(/^nn-demo: /);
    expect(stderr).toMatch(message);
  });

  test('with --json it is one document besides', async () => {
    const { code, stdout, stderr } = await demo.run(['train', '--json', '--seed', 'x']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      error: { name: 'UsageError', message: expect.stringContaining('--seed expects') },
    });
    expect(lines(stderr)).toHaveLength(1);
  });
});

describe('values', () => {
  test('flags reach the command parsed, by field name, with their defaults', async () => {
    const { code, stdout } = await demo.run([
      'train',
      '--epochs=1',
      '--learning-rate',
      '1e-2',
      '--classes',
      '12, 24',
      '--threads',
      '2',
      '--json',
      '--quiet',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).options).toEqual({
      preset: 'quick',
      epochs: 1,
      learningRate: 0.01,
      classes: [12, 24],
      seed: 42,
      backend: 'auto',
      threads: 2,
      out: demo.path('runs/demo/quick'),
      resume: false,
      overwrite: false,
      stubborn: false,
      json: true,
      quiet: true,
      verbose: false,
    });
  });

  test('the default run folder follows the preset', async () => {
    const { stdout } = await demo.run(['train', '--epochs=1', '--preset', 'smoke', '--json']);
    expect(JSON.parse(stdout).options.out).toBe(demo.path('runs/demo/smoke'));
  });
});

describe('relative paths start where the person called from', () => {
  const here = async (cwd: string, env: Record<string, string>) => {
    await mkdir(demo.path('elsewhere'), { recursive: true });
    await writeFile(demo.path('elsewhere/a b.png'), 'four');
    await writeFile(demo.path('a b.png'), 'seven..');
    const { stdout, stderr } = await demo.run(['read', 'a b.png', '--json'], { cwd, env });
    return stdout ? JSON.parse(stdout) : stderr;
  };

  test('the working folder, without a task runner', async () => {
    expect(await here('elsewhere', {})).toMatchObject({ sizes: [4], here: demo.path('elsewhere') });
  });

  test("npm's INIT_CWD, when npm changed into the package", async () => {
    const env = {
      INIT_CWD: demo.path('elsewhere'),
      npm_package_json: demo.path('package/package.json'),
    };
    expect(await here('package', env)).toMatchObject({ sizes: [4], here: demo.path('elsewhere') });
  });

  test('not INIT_CWD, when the program was started outside of its package', async () => {
    const env = { INIT_CWD: demo.path('elsewhere'), npm_package_json: demo.path('package.json') };
    expect(await here('.', env)).toMatchObject({ sizes: [7], here: demo.path() });
  });

  test("npx's INIT_CWD, when nx runs the command itself", async () => {
    const env = {
      INIT_CWD: demo.path('elsewhere'),
      npm_lifecycle_event: 'npx',
      NX_WORKSPACE_ROOT: demo.path(),
      NX_TASK_TARGET_PROJECT: 'demo',
      NX_TASK_TARGET_TARGET: 'read',
    };
    expect(await here('package', env)).toMatchObject({ sizes: [4], here: demo.path('elsewhere') });
  });

  test('the workspace root, when nx runs an npm script and the folder is lost', async () => {
    const env = {
      INIT_CWD: demo.path('package'),
      npm_lifecycle_event: 'read',
      NX_WORKSPACE_ROOT: demo.path(),
      NX_TASK_TARGET_PROJECT: 'demo',
      NX_TASK_TARGET_TARGET: 'read',
    };
    expect(await here('package', env)).toMatchObject({ sizes: [7], here: demo.path() });
  });
});

describe('results', () => {
  test('without --json the text is on stdout and the lines for people on stderr', async () => {
    const { code, stdout, stderr } = await demo.run([
      'train',
      '--epochs=1',
      '--out',
      freshFolder(),
    ]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Trained 1 epochs.\n' });
    expect(stderr).toContain('seed 42, 1 epochs\n');
    expect(stderr).not.toContain('learning rate');
  });

  test('with --json stdout is one document, whatever a library prints', async () => {
    const { code, stdout, stderr } = await demo.run(['noise', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).numbers).toHaveLength(50_000);
    expect(stderr).toContain('banner on stdout\nmore banner\n');
  });

  test('typed arrays are lists, and a command without a result is ok', async () => {
    const trained = await demo.run(['train', '--epochs=1', '--json', '--out', freshFolder()]);
    expect(JSON.parse(trained.stdout).losses).toEqual([0.5, 0.25]);
    expect(JSON.parse((await demo.run(['silent', '--json'])).stdout)).toEqual({ ok: true });
  });

  test('--help and --version keep to one document with --json', async () => {
    expect(JSON.parse((await demo.run(['train', '--help', '--json'])).stdout).help).toContain(
      '--preset',
    );
    expect(JSON.parse((await demo.run(['--version', '--json'])).stdout)).toEqual({
      version: '1.2.3',
    });
  });

  test('--quiet leaves the result alone on stdout and nothing on stderr', async () => {
    const run = await demo.run(['train', '--epochs=1', '--quiet', '--out', freshFolder()]);
    expect(run).toMatchObject({ code: 0, stdout: 'Trained 1 epochs.\n', stderr: '' });
  });

  test('--verbose adds details, and so does the --verbose that nx keeps for itself', async () => {
    const asked = await demo.run(['train', '--epochs=1', '--verbose', '--out', freshFolder()]);
    expect(asked.stderr).toContain('learning rate 0.001\n');
    const env = { NX_VERBOSE_LOGGING: 'true', NX_TASK_TARGET_PROJECT: 'demo' };
    const byNx = await demo.run(['train', '--epochs=1', '--out', freshFolder()], { env });
    expect(byNx.stderr).toContain('learning rate 0.001\n');
  });

  test('a reader that has enough is not a failure', async () => {
    const { code, stderr } = await demo.run(['noise'], {
      onStart: (child) => child.stdout!.destroy(),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('failures are one line and exit code 1', () => {
  test.concurrent.each([
    [
      'an error thrown on purpose',
      'data',
      'labels.npy: expected 100 bytes, got 7. Download it again.',
    ],
    [
      'a fault of the program',
      'bug',
      "TypeError: Cannot read properties of undefined (reading 'field') (an unexpected error; --verbose shows where)",
    ],
    [
      'a package that is not installed',
      'missing',
      '@nn-lab/not-there is not installed. Install it with: npm i @nn-lab/not-there',
    ],
    [
      'an error that nobody waits for',
      'later',
      'TypeError: thrown where nobody waits (an unexpected error; --verbose shows where)',
    ],
    [
      'a promise that nobody waits for',
      'rejection',
      'TypeError: rejected where nobody waits (an unexpected error; --verbose shows where)',
    ],
    [
      'a file where a folder should be',
      '/etc/passwd/x',
      'Not a folder: a part of /etc/passwd/x is a file. Give a path whose parents are folders (ENOTDIR).',
    ],
    [
      'a folder that is missing',
      '/nowhere/x',
      'Not found: /nowhere/x. Check the path; relative paths start at the folder you called from (ENOENT).',
    ],
  ])('%s', async (_, how, message) => {
    const { code, stdout, stderr } = await demo.run(['fail', '--quiet', '--how', how]);
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: `nn-demo: ${message}\n`,
    });
  });

  test('an unwritable run folder', async () => {
    const { code, stderr } = await demo.run(['train', '--quiet', '--out', '/etc/passwd/run']);
    expect(code).toBe(1);
    expect(stderr).toBe(
      'nn-demo: Not a folder: a part of /etc/passwd/run is a file. Give a path whose parents are folders (ENOTDIR).\n',
    );
  });

  test('--verbose adds the stack and each cause', async () => {
    const { stderr } = await demo.run(['fail', '--verbose', '--how', 'data']);
    expect(stderr).toMatch(/^nn-demo: labels\.npy: expected 100 bytes, got 7\./m);
    expect(stderr).toMatch(/^DataFormatError: labels\.npy/m);
    expect(stderr).toMatch(/^ {4}at .*nn-demo\.js/m);
    expect(stderr).toMatch(/^Caused by: RangeError: offset 8 is outside/m);
  });

  test.concurrent.each([
    ['data', 'DataFormatError', 'labels.npy: expected 100 bytes, got 7. Download it again.'],
    ['bug', 'TypeError', "Cannot read properties of undefined (reading 'field')"],
    ['later', 'TypeError', 'thrown where nobody waits'],
    ['/nowhere/x', 'SystemError', expect.stringContaining('/nowhere/x')],
  ])('with --json it is a document: %s', async (how, name, message) => {
    const { code, stdout } = await demo.run(['fail', '--json', '--how', how]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({ error: { name, message } });
  });
});

describe('Ctrl-C', () => {
  const interrupt = (times: number, args: string[], env?: Record<string, string>) => {
    let sent = 0;
    let out = '';
    const folder = freshFolder();
    const run = demo.run(['train', '--epochs=1000', '--out', folder, ...args], {
      ...(env && { env, cwd: 'package' }),
      onStderr: (child, stderr) => {
        out = stderr;
        if (sent === 0 && out.includes('halfway through')) {
          sent = 1;
          child.kill('SIGINT');
        }
        if (times > 1 && sent === 1 && out.includes('stopping, ')) {
          sent = 2;
          setTimeout(() => child.kill('SIGINT'), 400);
        }
      },
    });
    return run.then((result) => ({ ...result, folder }));
  };

  test('once: the command saves a checkpoint, and the frame says how to go on', async () => {
    const { code, stdout, stderr, folder } = await interrupt(1, ['--overwrite']);
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toContain(
      'nn-demo: stopping, saving a checkpoint; press Ctrl-C again to leave at once\n',
    );
    expect(lines(stderr).at(-1)).toBe(
      `nn-demo: Stopped. The checkpoint is in ${folder}/checkpoint.json; go on with: node package/dist/nn-demo.js train --epochs=1000 --out ${folder} --resume`,
    );
    expect(JSON.parse(await readFile(`${folder}/checkpoint.json`, 'utf8')).step).toBeGreaterThan(
      10,
    );
    expect(await readdir(folder)).toEqual(['checkpoint.json']);
  });

  test('the hint is written as the person called: through nx', async () => {
    const { stderr, folder } = await interrupt(1, [], {
      INIT_CWD: demo.path(),
      npm_lifecycle_event: 'npx',
      NX_WORKSPACE_ROOT: demo.path(),
      NX_TASK_TARGET_PROJECT: 'demo',
      NX_TASK_TARGET_TARGET: 'train',
    });
    expect(stderr).toContain(
      `go on with: npx nx run demo:train -- --epochs=1000 --out ${folder} --resume\n`,
    );
  });

  test('with --json the stop is a document', async () => {
    const { code, stdout } = await interrupt(1, ['--json']);
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toEqual({
      error: { name: 'AbortError', message: expect.stringContaining('go on with: ') },
    });
  });

  test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
    'a second signal leaves at once: %s',
    async (name) => {
      let sent = 0;
      const run = await demo.run(['train', '--epochs=1000', '--stubborn', '--out', freshFolder()], {
        onStderr: (child, text) => {
          if (sent === 0 && text.includes('halfway through')) sent = Number(child.kill('SIGTERM'));
          if (sent === 1 && text.includes('stopping, ')) {
            sent = 2;
            setTimeout(() => child.kill(name), 400);
          }
        },
      });
      expect(run.code).toBe({ SIGTERM: 143, SIGHUP: 129, SIGINT: 130 }[name]);
      expect(run.stderr).toContain('left at once');
    },
  );

  test('that comes when the work goes to its end all the same: it is done, and that is said', async () => {
    const stop = (args: string[]) => {
      let sent = false;
      return demo.run(['train', '--epochs=2', '--stubborn', '--out', freshFolder(), ...args], {
        onStderr: (child, text) => {
          if (!sent && text.includes('halfway through')) sent = child.kill('SIGTERM');
        },
      });
    };
    const { code, stdout, stderr } = await stop([]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Trained 2 epochs.\n' });
    expect(lines(stderr).at(-1)).toBe(
      'nn-demo: Done before it could be stopped: nothing is missing.',
    );
    expect(JSON.parse((await stop(['--json'])).stdout).losses).toEqual([0.5, 0.25]);
  });

  test('twice: the program leaves at once, without half a file', async () => {
    const { code, stdout, stderr, folder } = await interrupt(2, ['--stubborn', '--json']);
    expect(code).toBe(130);
    expect(lines(stderr).at(-1)).toBe(
      'nn-demo: left at once. Stopped before the first checkpoint: there is nothing to resume.',
    );
    expect(JSON.parse(stdout).error.name).toBe('AbortError');
    expect(await readdir(folder)).toEqual([]);
  });

  test('once counts once, when a task runner passes it on a second time', async () => {
    let sent = false;
    const { code, stderr } = await demo.run(['train', '--epochs=1000', '--out', freshFolder()], {
      onStderr: (child, text) => {
        if (sent || !text.includes('halfway through')) return;
        sent = true;
        child.kill('SIGINT');
        setTimeout(() => child.kill('SIGINT'), 5);
      },
    });
    expect(code).toBe(130);
    expect(stderr).toContain('The checkpoint is in');
    expect(stderr).not.toContain('left at once');
  });

  test('SIGTERM stops the same way, with its own exit code', async () => {
    let sent = false;
    const { code, stderr } = await demo.run(['train', '--epochs=1000', '--out', freshFolder()], {
      onStderr: (child, text) => {
        if (!sent && text.includes('halfway through')) sent = child.kill('SIGTERM');
      },
    });
    expect(code).toBe(143);
    expect(stderr).toContain('The checkpoint is in');
  });
});

describe('progress where there is no terminal', () => {
  test('is plain lines, now and then, with rate and time left', async () => {
    const { stderr } = await demo.run(['train', '--epochs=8', '--out', freshFolder()]);
    const shown = lines(stderr).filter((line) => line.startsWith('Training'));
    expect(shown.length).toBeGreaterThan(3);
    expect(shown.length).toBeLessThan(12);
    expect(shown[1]).toMatch(
      /^Training \d+ % {2}\d+\/80 batches {2}[\d.]+\/s {2}.* left {2}loss 0\.\d{3}$/,
    );
    expect(shown.at(-1)).toMatch(
      /^Training 100 % {2}80\/80 batches {2}[\d.]+\/s {2}in .* s {2}loss 0\.\d{3}$/,
    );
    expect(stderr).not.toContain('\u001b');
  });
});
