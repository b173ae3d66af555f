package edgetpu

import (
	"os"
	"slices"
	"strconv"
	"strings"
)

// processGroups are the groups whose rights this process has.
func processGroups() []int {
	groups, _ := os.Getgroups() // none on Windows, whose nodes have no groups
	return append(groups, os.Getegid())
}

func (d *diagnosis) inGroup(gid int) bool { return slices.Contains(d.groups, gid) }

// group returns the name of a group, and whether /etc/group counts this user among its
// members. Users and groups of a directory service are not known there, and then get
// the longer advice.
func (d *diagnosis) group(gid int) (name string, member bool) {
	number := strconv.Itoa(gid)
	for fields := range d.entries("etc/group", 4) { // name:password:gid:members
		if fields[2] == number {
			return fields[0], slices.Contains(strings.Split(fields[3], ","), d.userName())
		}
	}
	return number, false
}

// userName is "" for a user that /etc/passwd does not know.
func (d *diagnosis) userName() string {
	uid := strconv.Itoa(d.uid)
	for fields := range d.entries("etc/passwd", 3) { // name:password:uid:…
		if fields[2] == uid {
			return fields[0]
		}
	}
	return ""
}

// entries are the lines of a file in /etc that have at least n fields.
func (d *diagnosis) entries(name string, n int) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		for line := range strings.Lines(d.read(name)) {
			if fields := strings.Split(strings.TrimSpace(line), ":"); len(fields) >= n && !yield(fields) {
				return
			}
		}
	}
}
