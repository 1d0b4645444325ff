# SPDX-License-Identifier: GPL-2.0-only
"""hmmu in Python, by ctypes: machines, processes, migrations with a driver written in Python.

The library is libhmmu.so.1 as the loader finds it, or the file in the environment variable HMMU_LIBRARY. Addresses and
lengths are bytes, as in the C API; errors are HmmuError. A machine is for one thread at a time.
"""

import ctypes
import errno
import os
from ctypes import POINTER, Structure, byref, c_bool, c_char, c_char_p, c_int, c_int32, c_size_t
from ctypes import c_uint8, c_uint32, c_uint64, c_void_p
from enum import IntEnum, IntFlag

ABI = 1
PAGE_SIZE = 4096
PFN_SHIFT = 6
DEFAULT_OWNER = 1


class Pfn(IntFlag):
    """Flags of a word of src or dst; the page frame number stands above them."""

    VALID, MIGRATE, LOCKED, WRITE, DEVICE, ERROR = (1 << bit for bit in range(6))


class Map(IntEnum):
    """Kinds of mappings."""

    ANON, SHMEM, FILE, SHAREDFILE, HUGETLB, SPECIAL = range(6)


class Prot(IntFlag):
    """Access rights."""

    NONE, READ, WRITE = 0, 1, 2


class Pin(IntFlag):
    """How a page is pinned: as for a store, for DMA."""

    WRITE, DMA = 1, 2


class Uffd(IntFlag):
    """Modes of userfaultfd."""

    MISSING, WP = 1, 2


class Madv(IntEnum):
    """Advice to madvise()."""

    DONTNEED, FREE, HUGEPAGE, NOHUGEPAGE, DONTFORK, DOFORK, UNMERGEABLE = range(7)
    POPULATE_READ, POPULATE_WRITE, COLD, PAGEOUT, COLLAPSE = range(7, 12)


class Select(IntFlag):
    """Which pages a migration of Linux 6.12 offers."""

    SYSTEM, DEVICE_PRIVATE = 1, 2


class Profile(IntEnum):
    """The kernels that this module has a name for."""

    LINUX_4_14, LINUX_6_12 = 0, 3


class Entry(IntEnum):
    """What a page table walk finds at an address."""

    NOMAP, NONE, ZERO, SYS, HUGE, HZERO, DEV, MIG, SWAP, SPECIAL, EXCL, MARKER = range(12)


class Err(IntEnum):
    """The stable error codes that this module looks at; HmmuError.code can have others."""

    SIGSEGV, SIGBUS, BLOCKED, BUSY, SYSCALL = range(8, 13)
    ORDER = 21


class Count(IntEnum):
    """The counters that this module has a name for."""

    DEVICE_FREE = 4


class Options(Structure):
    """struct hmmu_options; 0 is each one's default."""

    _fields_ = [
        ("ram_pages", c_uint32),
        ("device_pages", c_uint32),
        ("cpus", c_uint32),
        ("profile", c_uint32),
        ("quirks_on", c_uint32),
        ("quirks_off", c_uint32),
        ("no_contents", c_bool),
        ("memcg_limit", c_uint64),
        ("other_device_pages", c_uint32),
        ("swap_pages", c_uint32),
        ("hugetlb_pages", c_uint32),
        ("coherent_pages", c_uint32),
    ]


class ErrorInfo(Structure):
    """struct hmmu_error"""

    _fields_ = [
        ("err", c_int),
        ("code", c_uint32),
        ("rule", c_uint32),
        ("wait", c_uint32),
        ("index", c_uint64),
        ("address", c_uint64),
        ("text", c_char * 200),
    ]


class MapRequest(Structure):
    """struct hmmu_map"""

    _fields_ = [
        ("address", c_uint64),
        ("pages", c_uint64),
        ("kind", c_uint32),
        ("prot", c_uint32),
        ("align_huge", c_bool),
    ]


class PageEntry(Structure):
    """struct hmmu_entry: the state of a page, as dump() returns it."""

    _fields_ = [
        ("address", c_uint64),
        ("raw", c_uint64),
        ("kind", c_uint32),
        ("bits", c_uint32),
        ("pfn", c_uint32),
        ("alloc_id", c_uint32),
        ("ref", c_int32),
        ("map", c_int32),
        ("flags", c_uint32),
        ("device", c_bool),
        ("coherent", c_bool),
        ("swap_users", c_uint32),
    ]


class MmCounters(Structure):
    """struct hmmu_mm_counters"""

    _fields_ = [(name, c_uint64) for name in ("anon", "file", "shmem", "swap", "mapped", "locked", "tables", "hugetlb")]


class MigrationState(Structure):
    """struct hmmu_migration_state"""

    _fields_ = [
        ("machine", c_void_p),
        ("tid", c_uint32),
        ("pid", c_uint32),
        ("stage", c_uint32),
        ("position", c_uint64),
        ("start", c_uint64),
        ("end", c_uint64),
        ("npages", c_uint64),
        ("cpages", c_uint64),
        ("src", POINTER(c_uint64)),
        ("dst", POINTER(c_uint64)),
        ("callbacks_ran", c_bool),
        ("out_of_bounds", c_bool),
    ]


Callback = ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p)
Report = ctypes.CFUNCTYPE(None, c_void_p, c_char_p)


class MigrateOps(Structure):
    """struct hmmu_migrate_ops"""

    _fields_ = [("alloc_and_copy", Callback), ("finalize_and_map", Callback)]


class MigrateRequest(Structure):
    """struct hmmu_migrate_request"""

    _fields_ = [
        ("tid", c_uint32),
        ("start", c_uint64),
        ("end", c_uint64),
        ("src", POINTER(c_uint64)),
        ("dst", POINTER(c_uint64)),
        ("why", POINTER(c_uint8)),
        ("ops", POINTER(MigrateOps)),
        ("data", c_void_p),
        ("flags", c_uint32),
        ("fault_page", c_uint32),
        ("owner", c_uint64),
    ]


# What the functions take beside the machine, which is first, and return.
_U32, _U64, _OUT32, _OUT64 = c_uint32, c_uint64, POINTER(c_uint32), POINTER(c_uint64)
_FUNCTIONS = {
    "verify": (c_int, Report, c_void_p),
    "error": (POINTER(ErrorInfo),),
    "destroy": (c_int,),
    "lru_add_drain_all": (None,),
    "counter": (c_uint64, _U32),
    "process_create": (c_int, _OUT32),
    "process_task": (c_uint32, _U32),
    "fork": (c_int, _U32, _OUT32),
    "exit": (c_int, _U32),
    "mm_counters": (c_int, _U32, POINTER(MmCounters)),
    "mmap": (c_int, _U32, POINTER(MapRequest), _OUT64),
    "munmap": (c_int, _U32, _U64, _U64),
    "mprotect": (c_int, _U32, _U64, _U64, _U32),
    "madvise": (c_int, _U32, _U64, _U64, _U32),
    "mlock": (c_int, _U32, _U64, _U64),
    "munlock": (c_int, _U32, _U64, _U64),
    "clear_soft_dirty": (c_int, _U32),
    "load": (c_int, _U32, _U64, c_void_p, c_size_t, POINTER(c_size_t)),
    "store": (c_int, _U32, _U64, c_char_p, c_size_t, POINTER(c_size_t)),
    "uffd_register": (c_int, _U32, _U64, _U64, _U32),
    "uffd_writeprotect": (c_int, _U32, _U64, _U64, c_bool),
    "pin": (c_int, _U32, _U64, _U32, _OUT32),
    "unpin": (c_int, _U32, _U32),
    "hold": (c_int, _U32, _U64, _OUT32),
    "release": (c_int, _U32),
    "isolate": (c_int, _U32, _U64, _OUT32),
    "putback": (c_int, _U32),
    "dump": (c_int, _U32, _U64, _U64, POINTER(PageEntry)),
    "migrate_vma": (c_int, POINTER(MigrateRequest)),
    "migrate_vma_setup": (c_int, POINTER(MigrateRequest), POINTER(c_void_p)),
    "device_alloc": (c_int, _OUT32),
    "page_alloc": (c_int, _OUT32),
    "page_trylock": (c_int, _U32),
    "page_copy": (c_int, _U32, _U32),
    "page_zero": (c_int, _U32),
}


def _open():
    library = ctypes.CDLL(os.environ.get("HMMU_LIBRARY", f"libhmmu.so.{ABI}"))
    if library.hmmu_abi() != ABI:
        raise ImportError(f"libhmmu has ABI {library.hmmu_abi()}, this module is for {ABI}")
    for name, (result, *arguments) in _FUNCTIONS.items():
        function = getattr(library, f"hmmu_{name}")
        function.restype, function.argtypes = result, [c_void_p, *arguments]
    library.hmmu_create.argtypes = [POINTER(Options), POINTER(c_void_p)]
    library.hmmu_version.restype = c_char_p
    library.hmmu_version.argtypes = library.hmmu_abi.argtypes = []
    library.hmmu_migrate_state.argtypes = [c_void_p, POINTER(MigrationState)]
    library.hmmu_migrate_state.restype = None
    for name in "migrate_vma_pages", "migrate_vma_finalize", "migrate_end":
        getattr(library, f"hmmu_{name}").argtypes = [c_void_p]
    return library


_library = _open()


def version():
    """The library's version: "MAJOR.MINOR.PATCH"."""
    return _library.hmmu_version().decode()


class HmmuError(Exception):
    """A call failed: errno (positive), code (enum hmmu_error_code) and a text."""

    def __init__(self, number, code, text):
        super().__init__(text)
        self.errno, self.code = number, code

    @property
    def name(self):
        """The errno's name, such as EINVAL."""
        return errno.errorcode.get(self.errno, str(self.errno))


class Machine:
    """A machine: RAM, a device, processes. Use it in a with statement, or close() it."""

    def __init__(self, **options):
        handle = c_void_p()
        err = _library.hmmu_create(byref(Options(**options)), byref(handle))
        if err:
            raise HmmuError(-err, 0, f"no such machine can be made: {os.strerror(-err)}")
        self._handle = handle

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Take the machine down; all that belongs to it is gone."""
        handle, self._handle = self._handle, None
        if handle:
            _library.hmmu_destroy(handle)

    def call(self, name, *arguments):
        """Call hmmu_NAME() with this machine; a negative result is raised."""
        if not self._handle:
            raise ValueError("the machine is closed")
        result = getattr(_library, f"hmmu_{name}")(self._handle, *arguments)
        return self.check(result) if _FUNCTIONS[name][0] is c_int else result

    def check(self, result):
        """The result of a call; a negative one is raised."""
        if result < 0:
            info = _library.hmmu_error(self._handle).contents
            raise HmmuError(-result, info.code, info.text.decode())
        return result

    def get(self, name, *arguments, kind=c_uint32):
        """Call hmmu_NAME(), whose last parameter is for a result, and return that."""
        value = kind()
        self.call(name, *arguments, byref(value))
        return value.value

    def process(self):
        """A new, empty process."""
        return Process(self, self.get("process_create"))

    def counter(self, which):
        """One counter of the machine."""
        return self.call("counter", which)

    def drain(self):
        """Empty the LRU pagevecs of every CPU: lru_add_drain_all()."""
        self.call("lru_add_drain_all")

    def verify(self):
        """Recount everything; the complaints, none where the machine is in balance."""
        complaints = []
        self.call("verify", Report(lambda _, text: complaints.append(text.decode())), None)
        return complaints


class Process:
    """An address space, and the first task in it."""

    def __init__(self, machine, pid):
        self.machine, self.pid = machine, pid
        self.tid = machine.call("process_task", pid)

    def fork(self):
        """A child."""
        return Process(self.machine, self.machine.get("fork", self.tid))

    def exit(self):
        """The process ends and is reaped."""
        self.machine.call("exit", self.pid)

    def map(self, pages, kind=Map.ANON, prot=Prot.READ | Prot.WRITE, address=0):
        """mmap(); returns the address, which is chosen where it is 0."""
        return self.machine.get("mmap", self.tid, byref(MapRequest(address, pages, kind, prot)), kind=c_uint64)

    def on_range(self, name, address, pages, *more):
        """A call on a range of pages: munmap, mprotect, madvise, mlock or munlock."""
        self.machine.call(name, self.tid, address, pages * PAGE_SIZE, *more)

    def store(self, address, data):
        """Store bytes as the CPU would."""
        self.machine.call("store", self.tid, address, data, len(data), None)

    def load(self, address, length):
        """Load bytes as the CPU would."""
        buffer = ctypes.create_string_buffer(length)
        self.machine.call("load", self.tid, address, buffer, length, None)
        return buffer.raw

    def pin(self, address, flags=Pin(0)):
        """get_user_pages() of one page; returns its pfn, for machine.call("unpin", pfn, flags)."""
        return self.machine.get("pin", self.tid, address, flags)

    def dump(self, address, pages):
        """The state of pages."""
        entries = (PageEntry * pages)()
        self.machine.call("dump", self.pid, address, pages, entries)
        return list(entries)

    def counters(self):
        """The RSS counters and their kin."""
        out = MmCounters()
        self.machine.call("mm_counters", self.pid, byref(out))
        return out

    def migrate(self, address, pages, alloc_and_copy, finalize_and_map=None):
        """migrate_vma() with a driver in Python: both callbacks take a Migration. Returns for each page why it did
        not move (enum hmmu_why), 0 where it did. What a callback raises undoes the migration and is raised here."""
        migration = Migration(self.machine, pages)
        migration.run(self.tid, address, alloc_and_copy, finalize_and_map or (lambda _: None))
        return list(migration.why)

    def migrate_vma(self, address, pages, select, owner=DEFAULT_OWNER, fault_page=0):
        """migrate_vma_setup() of Linux 6.12, for a with statement: a VmaMigration."""
        return VmaMigration(self, address, pages, (select, fault_page, owner))


class Migration:
    """What a driver sees: the arrays src and dst, and how many of their words count, npages."""

    def __init__(self, machine, pages):
        self.machine, self.npages = machine, 0
        self.src, self.dst = (c_uint64 * pages)(), (c_uint64 * pages)()
        self.why = (c_uint8 * pages)()
        self._raised = None

    def run(self, tid, address, alloc_and_copy, finalize_and_map):
        """Call migrate_vma()."""
        ops = MigrateOps(self._callback(alloc_and_copy), self._callback(finalize_and_map))
        end = address + len(self.src) * PAGE_SIZE
        request = MigrateRequest(tid, address, end, self.src, self.dst, self.why, ctypes.pointer(ops), None)
        try:
            self.machine.call("migrate_vma", byref(request))
        except HmmuError:
            if self._raised is None:
                raise
        if self._raised is not None:
            raise self._raised

    def _callback(self, function):
        """No exception can pass through C: it is kept, and C gets an errno."""

        def call(handle, _data):
            try:
                state = MigrationState()
                _library.hmmu_migrate_state(handle, byref(state))
                self.npages = state.npages
                function(self)
                return 0
            except BaseException as error:  # KeyboardInterrupt, too, has to reach the caller.
                self._raised = error
                return -errno.ECANCELED

        return Callback(call)

    def move(self, index, to_device):
        """Give an entry a page of the device, or of RAM: with the contents of its source, locked, and in dst. False
        where there is none left."""
        machine = self.machine
        try:
            pfn = machine.get("device_alloc" if to_device else "page_alloc")
        except HmmuError as error:
            if error.errno != errno.ENOMEM:
                raise
            return False
        if self.src[index] & Pfn.VALID:
            machine.call("page_copy", pfn, self.src[index] >> PFN_SHIFT)
        else:
            machine.call("page_zero", pfn)
        try:
            machine.call("page_trylock", pfn)
        except HmmuError as error:
            if error.code != Err.BUSY:  # Linux 6.12 hands device pages out locked: zone_device_page_init().
                raise
        flags = Pfn.VALID | Pfn.LOCKED | (Pfn.DEVICE if to_device else 0)
        self.dst[index] = pfn << PFN_SHIFT | flags
        return True


class VmaMigration(Migration):
    """A migration as drivers of Linux 6.12 do it. It has been set up; the driver moves entries, calls pages(), looks at
    src again, and calls finalize(). One that is not finalized at the end of its with statement is given up."""

    def __init__(self, process, address, pages, selection):
        super().__init__(process.machine, pages)
        end = address + pages * PAGE_SIZE
        request = MigrateRequest(process.tid, address, end, self.src, self.dst, self.why, None, None, *selection)
        self._handle = c_void_p()
        self.machine.call("migrate_vma_setup", byref(request), byref(self._handle))
        self.npages = pages

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._handle:
            _library.hmmu_migrate_end(self._handle)
            self._handle = None

    def pages(self):
        """migrate_vma_pages(): entries whose src still has MIGRATE have moved."""
        self.machine.check(_library.hmmu_migrate_vma_pages(self._handle))

    def finalize(self):
        """migrate_vma_finalize(). Returns for each page why it did not move."""
        try:
            self.machine.check(_library.hmmu_migrate_vma_finalize(self._handle))
        except HmmuError as error:
            if error.code != Err.ORDER:
                self._handle = None
            raise
        self._handle = None
        return list(self.why)
