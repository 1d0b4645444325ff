# SPDX-License-Identifier: GPL-2.0-only
#
# Runs a command in a pseudo-terminal: terminal.py ACTIONS COMMAND...
#
# ACTIONS is JSON: ["wait", TEXT] until the output since the last action has it, ["send", KEYS], ["size", COLUMNS, ROWS],
# ["signal", NUMBER], ["stopped"], ["close"] as the last one. Prints, as JSON, the output, the status as waitpid() tells it, and whether the terminal's modes are
# as before.
import fcntl, json, os, pty, resource, select, signal, struct, sys, termios, time

LIMIT = 30


def resize(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def tell(output, status, restored):
    print(json.dumps({"output": output.decode(), "status": status, "restored": restored}))


def main():
    actions, command = json.loads(sys.argv[1]), sys.argv[2:]
    pid, fd = pty.fork()
    if pid == 0:
        resize(0, 100, 30)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.execvp(command[0], command)
    before = termios.tcgetattr(fd)
    output, end = b"", time.monotonic() + LIMIT

    def read(timeout):
        """Whether there was something to read; None at the end."""
        nonlocal output
        if not select.select([fd], [], [], timeout)[0]:
            return False
        try:
            data = os.read(fd, 65536)
        except OSError:
            return None
        output += data
        return True if data else None

    for action, *values in actions:
        if action == "wait":
            since = mark if "mark" in locals() else 0
            while values[0].encode() not in output[since:]:
                if time.monotonic() > end or read(0.1) is None:
                    sys.exit(f"never came: {values[0]!r}; there is {output[since:].decode(errors='replace')!r}")
            continue
        mark = len(output)
        if action == "send":
            os.write(fd, values[0].encode())
        elif action == "size":
            resize(fd, *values)
        elif action == "signal":
            os.kill(pid, values[0])
        elif action == "stopped":
            os.waitpid(pid, os.WUNTRACED)
        elif action == "close":
            os.close(fd)
            return tell(output, os.waitpid(pid, 0)[1], False)
    modes = termios.tcgetattr(fd)
    while read(0.5) is not None and time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        modes = termios.tcgetattr(fd)
        if done:
            while read(0.1):
                pass
            break
    else:
        if time.monotonic() >= end:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    tell(output, status, modes == before)


main()
