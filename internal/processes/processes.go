// Package processes answers questions about the processes of a machine from its proc
// folder, as far as that is there and may be read. Nothing found is no error: without
// Linux there is nothing to find.
package processes

import (
	"bytes"
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// WorkerArgument is the first argument of every worker process, by which others know it
// for the tool of the program that started it. A worker stays in that program's session
// (setsid), or it is taken for one that its program has left behind.
const WorkerArgument = "tpu-worker"

// Table is the processes of one machine.
type Table struct {
	files fs.FS // holds proc
}

// In returns the processes of the machine whose files include proc.
func In(files fs.FS) Table { return Table{files} }

// Program is the process that a user knows and can stop: pid itself, or for a worker the
// process that started it. A worker whose program has gone stands for itself.
func (t Table) Program(pid int) int {
	args := bytes.Split(t.read(pid, "cmdline"), []byte{0})
	if len(args) < 2 || string(args[1]) != WorkerArgument {
		return pid
	}
	parent, session := t.parent(pid)
	// Whoever adopts orphans, as init and a user's service manager do, is of another session.
	if _, theirs := t.parent(parent); parent <= 1 || theirs != session {
		return pid
	}
	return parent
}

// Name is what the kernel calls the process, up to 15 bytes of its program's name; "" if
// unknown.
func (t Table) Name(pid int) string {
	comm := strings.ToValidUTF8(string(t.read(pid, "comm")), "?")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, comm)
}

// Holding lists the processes that have the file open, as far as this user may look.
func (t Table) Holding(file string) (pids []int) {
	entries, err := fs.ReadDir(t.files, "proc")
	if err != nil {
		return nil
	}
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil && t.holds(pid, file) {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}

func (t Table) holds(pid int, file string) bool {
	dir := place(pid, "fd")
	descriptors, err := fs.ReadDir(t.files, dir)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(descriptors, func(d fs.DirEntry) bool {
		target, err := fs.ReadLink(t.files, path.Join(dir, d.Name()))
		return err == nil && target == file
	})
}

// parent reads the parent of a process and its session from the file stat, whose fields
// are numbers but for the second, a name in parentheses that may hold anything.
func (t Table) parent(pid int) (parent, session int) {
	stat := t.read(pid, "stat")
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 4 { // state, parent, group, session
		return 0, 0
	}
	parent, err1 := strconv.Atoi(fields[1])
	session, err2 := strconv.Atoi(fields[3])
	if cmp.Or(err1, err2) != nil {
		return 0, 0
	}
	return parent, session
}

func (t Table) read(pid int, name string) []byte {
	b, err := fs.ReadFile(t.files, place(pid, name))
	if err != nil {
		return nil
	}
	return b
}

func place(pid int, name string) string { return path.Join("proc", strconv.Itoa(pid), name) }
