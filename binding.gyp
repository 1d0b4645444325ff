# SPDX-License-Identifier: GPL-2.0-only
#
# The Node addon, built by node-gyp: build/Release/hmmu.node.
# CMakeLists.txt builds the same addon by cmake-js: build-cmake/Release/hmmu.node. lib/native/load.ts says which is loaded.
# In the npm package this file is native/binding.gyp, as npm compiles each package with a binding.gyp at its top level.
{
  'variables': {
    # The way from this file to the top level.
    'top': '<!(node -p "fs.existsSync(\'native\') ? \'.\' : \'..\'")',
  },
  'targets': [
    {
      'target_name': 'hmmu',
      'sources': [
        '<!@(node -p "[\'core/host\', \'core/kernel\', \'core/explore\', \'addon\'].map((d) => \'<(top)/native/\' + d + \'/\').flatMap((d) => fs.readdirSync(d, { recursive: true }).filter((f) => /[.](c|cc)$/.test(f)).sort().map((f) => d + f)).join(\' \')")',
      ],
      'include_dirs': ['<(top)/native/include', '<(top)/native/core', '<(top)/native/kapi'],
      'defines': [
        'NAPI_VERSION=<!(node -p "require(\'<(top)/package.json\').binary.napi_versions[0]")',
        'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
        # Where a thread is being terminated nothing can be thrown, which is no reason to end the process.
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
        # The core is a part of the addon, which exports nothing of it.
        'HMMU_STATIC',
        'HMMU_VERSION="<!(node -p "require(\'<(top)/package.json\').version")"',
      ],
      # Node's own settings come first; those taken out here would weaken or contradict ours.
      'cflags!': ['-O3', '-Wno-unused-parameter'],
      'cflags': [
        '-g', '-fno-omit-frame-pointer', '-fvisibility=hidden',
        '-Wall', '-Wextra', '-Wundef', '-Wvla', '-Wpointer-arith', '-Wwrite-strings',
        # Compilers that we do not know may warn of more: where the tests are missing, this is the npm package.
        '<!@(node -p "fs.existsSync(\'<(top)/native/test\') ? \'-Werror\' : \'\'")',
        # No paths of the machine that it was built on.
        '-ffile-prefix-map=<!(node -p "path.resolve(\'<(top)\')")=.', '-ffile-prefix-map=<(node_root_dir)=node',
      ],
      # napi.h is not free of warnings: a system header.
      'cflags+': ['-isystem', '<!(node -p "path.resolve(require(\'node-addon-api\').include_dir)")'],
      # Pairs of stores that gcc would merge into a vector cost more than they save.
      'cflags_c': [
        '-O3', '-fno-tree-slp-vectorize', '-std=c11', '-Wshadow', '-Wstrict-prototypes', '-Wmissing-prototypes', '-Wold-style-definition',
      ],
      'cflags_cc!': ['-std=gnu++17', '-std=gnu++20', '-fexceptions'],
      # The bindings only pass calls on: -O3 would make them twice as large.
      'cflags_cc': ['-O2', '-std=c++17', '-fno-exceptions', '-fvisibility-inlines-hidden', '-Wnon-virtual-dtor'],
    },
  ],
}
