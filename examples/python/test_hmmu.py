# SPDX-License-Identifier: GPL-2.0-only
"""python3 -m unittest, in this folder, with HMMU_LIBRARY or LD_LIBRARY_PATH where libhmmu is not installed for all.

HMMU_INCLUDE is the folder of hmmu/hmmu.h; where it is set, the module is compared with the header by the C compiler.
"""

import enum
import os
import pathlib
import subprocess
import unittest

import drill
import hmmu
from hmmu import Entry, Pfn

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
STRUCTURES = {
    "hmmu_options": hmmu.Options,
    "hmmu_error": hmmu.ErrorInfo,
    "hmmu_map": hmmu.MapRequest,
    "hmmu_entry": hmmu.PageEntry,
    "hmmu_mm_counters": hmmu.MmCounters,
    "hmmu_migration_state": hmmu.MigrationState,
    "hmmu_migrate_ops": hmmu.MigrateOps,
    "hmmu_migrate_request": hmmu.MigrateRequest,
}
ENUMERATIONS = {
    "HMMU_PFN_": hmmu.Pfn,
    "HMMU_MAP_": hmmu.Map,
    "HMMU_PROT_": hmmu.Prot,
    "HMMU_PIN_": hmmu.Pin,
    "HMMU_UFFD_": hmmu.Uffd,
    "HMMU_MADV_": hmmu.Madv,
    "HMMU_SELECT_": hmmu.Select,
    "HMMU_PROFILE_": hmmu.Profile,
    "HMMU_ENTRY_": hmmu.Entry,
    "HMMU_ERR_": hmmu.Err,
    "HMMU_COUNT_": hmmu.Count,
}


def assertions():
    """What this module believes of the header, in C."""
    for name, structure in STRUCTURES.items():
        yield f"sizeof(struct {name}) == {hmmu.ctypes.sizeof(structure)}"
        for field, *_ in structure._fields_:
            member = getattr(structure, field)
            yield f"offsetof(struct {name}, {field}) == {member.offset}"
            yield f"sizeof(((struct {name} *)0)->{field}) == {member.size}"
    for prefix, values in ENUMERATIONS.items():
        for value in values:
            if value != 0 or not issubclass(values, enum.IntFlag):
                yield f"{prefix}{value.name} == {value.value}"
    yield f"HMMU_ABI == {hmmu.ABI}"
    yield f"HMMU_DEFAULT_OWNER == {hmmu.DEFAULT_OWNER}"
    yield f"HMMU_PFN_SHIFT == {hmmu.PFN_SHIFT}"


class Header(unittest.TestCase):
    @unittest.skipUnless("HMMU_INCLUDE" in os.environ, "HMMU_INCLUDE does not say where the header is")
    def test_the_module_agrees_with_the_header(self):
        source = "#include <hmmu/hmmu.h>\n" + "".join(f'_Static_assert({a}, "{a}");\n' for a in assertions())
        command = [os.environ.get("CC", "cc"), "-std=c11", "-fsyntax-only", "-I", os.environ["HMMU_INCLUDE"], "-xc", "-"]
        result = subprocess.run(command, input=source, text=True, capture_output=True, check=False)
        self.assertEqual(result.stderr, "")
        self.assertEqual(result.returncode, 0)


class Driver(unittest.TestCase):
    def setUp(self):
        self.machine = hmmu.Machine(ram_pages=1024, device_pages=2)
        self.addCleanup(self.machine.close)
        self.process = self.machine.process()
        self.buffer = self.process.map(4)
        for page in range(4):
            self.process.store(self.page(page), bytes([0x40 + page]))

    def page(self, index):
        return self.buffer + index * hmmu.PAGE_SIZE

    def kinds(self):
        return [Entry(entry.kind) for entry in self.process.dump(self.buffer, 4)]

    @staticmethod
    def take_all(migration):
        for index in range(migration.npages):
            if migration.src[index] & Pfn.MIGRATE:
                migration.move(index, to_device=True)

    def test_pages_go_to_the_device_and_come_back(self):
        moved = []
        self.machine.call("unpin", self.process.pin(self.page(1)), 0)
        pinned = self.process.pin(self.page(0))

        def finalize_and_map(migration):
            moved.extend(i for i in range(migration.npages) if migration.src[i] & Pfn.MIGRATE)

        why = self.process.migrate(self.buffer, 4, self.take_all, finalize_and_map)
        self.assertEqual(moved, [1, 2])
        self.assertEqual([reason == 0 for reason in why], [False, True, True, False])
        self.assertEqual(self.kinds(), [Entry.SYS, Entry.DEV, Entry.DEV, Entry.SYS])
        self.assertEqual(self.process.load(self.page(2), 1), b"\x42")
        self.assertEqual(self.kinds(), [Entry.SYS, Entry.DEV, Entry.SYS, Entry.SYS])
        self.machine.call("unpin", pinned, 0)
        self.assertEqual(self.machine.verify(), [])

    def test_what_a_callback_raises_undoes_the_migration_and_is_raised(self):
        def alloc_and_copy(migration):
            self.take_all(migration)
            raise KeyError("a fault of the driver")

        with self.assertRaisesRegex(KeyError, "a fault of the driver"):
            self.process.migrate(self.buffer, 4, alloc_and_copy)
        self.assertEqual(self.kinds(), [Entry.SYS] * 4)
        self.assertEqual(self.machine.counter(hmmu.Count.DEVICE_FREE), 2)
        self.assertEqual(self.machine.verify(), [])

    def test_a_driver_that_breaks_a_rule_is_told(self):
        def alloc_and_copy(migration):
            migration.dst[0] = migration.src[0] | Pfn.VALID | Pfn.LOCKED

        with self.assertRaises(hmmu.HmmuError) as raised:
            self.process.migrate(self.buffer, 4, alloc_and_copy)
        self.assertEqual(raised.exception.name, "EINVAL")
        self.assertNotEqual(str(raised.exception), "")
        self.assertEqual(self.machine.verify(), [])

    def test_errors_have_a_code_and_a_text(self):
        with self.assertRaises(hmmu.HmmuError) as raised:
            self.process.load(0x1000, 1)
        self.assertEqual((raised.exception.code, raised.exception.name), (hmmu.Err.SIGSEGV, "EFAULT"))
        with self.assertRaises(hmmu.HmmuError):
            hmmu.Machine(ram_pages=1)
        self.machine.close()
        with self.assertRaises(ValueError):
            self.machine.process()


class DriverOfToday(unittest.TestCase):
    """A driver of Linux 6.12: by calls in place of callbacks."""

    def setUp(self):
        self.machine = hmmu.Machine(ram_pages=1024, device_pages=2, profile=hmmu.Profile.LINUX_6_12)
        self.addCleanup(self.machine.close)
        self.process = self.machine.process()
        self.buffer = self.process.map(2)
        self.process.store(self.buffer, b"A")

    def kinds(self):
        return [Entry(entry.kind) for entry in self.process.dump(self.buffer, 2)]

    def test_pages_go_to_the_device_and_come_back(self):
        for select, to_device, kind in (
            (hmmu.Select.SYSTEM, True, Entry.DEV),
            (hmmu.Select.DEVICE_PRIVATE, False, Entry.SYS),
        ):
            with self.process.migrate_vma(self.buffer, 2, select) as migration:
                moved = [migration.move(i, to_device) for i in range(2) if migration.src[i] & Pfn.MIGRATE]
                migration.pages()
                self.assertEqual([word & Pfn.MIGRATE for word in migration.src], [Pfn.MIGRATE] * 2)
                self.assertEqual(migration.finalize(), [0, 0])
            self.assertEqual(moved, [True, True])
            self.assertEqual(self.kinds(), [kind, kind])
        self.assertEqual(self.process.load(self.buffer, 1), b"A")
        self.assertEqual(self.machine.verify(), [])

    def test_a_migration_that_is_not_finalized_is_given_up(self):
        with self.assertRaises(hmmu.HmmuError) as raised:
            with self.process.migrate_vma(self.buffer, 2, hmmu.Select.SYSTEM) as migration:
                migration.move(0, to_device=True)
                migration.finalize()
        self.assertEqual(raised.exception.code, hmmu.Err.ORDER)
        self.assertEqual(self.kinds(), [Entry.SYS, Entry.NONE])
        self.assertEqual(self.machine.counter(hmmu.Count.DEVICE_FREE), 2)
        self.assertEqual(self.machine.verify(), [])


class Drills(unittest.TestCase):
    """Drills print what Linux printed for them."""

    def check(self, path):
        expected = path.with_suffix(".expected").read_text(encoding="utf-8")
        self.assertEqual(drill.transcript(path.read_text(encoding="utf-8")), expected)

    def test_round_trip(self):
        self.check(REPOSITORY / "examples/round-trip.drill")

    def test_all_that_the_runner_can_run(self):
        ran = 0
        for path in sorted((REPOSITORY / "test/conformance/linux-4.14").glob("*.drill")):
            with self.subTest(path.name):
                try:
                    self.check(path)
                    ran += 1
                except drill.Unsupported:
                    continue
        self.assertGreaterEqual(ran, 82)


if __name__ == "__main__":
    unittest.main()
