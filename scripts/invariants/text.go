package main

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

var (
	// machinePath is an absolute path into someone's home or work folder.
	machinePath = regexp.MustCompile(`(?:^|[^\w.~/$})\]*-])/(?:work|root|home)/`)
	// registryHost is a package registry by its host. Packages are named, and the
	// client on each machine knows where from.
	registryHost = regexp.MustCompile(`pypi[.]org|pythonhosted[.]org|npmjs[.](?:org|com)|(?:repo1?|search|central)[.](?:maven|sonatype)[.]|maven[.](?:org|apache[.]org)/|(?:proxy|sum)[.]golang[.]org|crates[.]io|deb[.]debian[.]org`)
)

// noMachinePathsOrHosts: no file says where something is on one machine, or which
// host a package comes from; both are different, or absent, elsewhere.
func noMachinePathsOrHosts(t *tree) ([]finding, error) {
	var found []finding
	for _, name := range t.files {
		data, err := fs.ReadFile(t.fsys, name)
		if err != nil {
			return nil, err
		}
		if !isText(data) {
			continue
		}
		line := 0
		for text := range strings.Lines(string(data)) {
			line++
			where := fmt.Sprintf("%s:%d", name, line)
			if m := machinePath.FindString(text); m != "" {
				found = append(found, finding{where, fmt.Sprintf("%q is a path of one machine; use a relative one", m)})
			}
			if m := registryHost.FindString(text); m != "" {
				found = append(found, finding{where, m + " is a registry's host; name the package and let the client find it"})
			}
		}
	}
	return found, nil
}
