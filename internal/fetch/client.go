package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	thirdparty "github.com/gocoral/coral/third_party"
)

// client is how to run a package manager. Which registry it asks is its own
// configuration's affair.
type client struct {
	// commands are the names to look for on PATH, best first.
	commands []string
	// missing is what to do if there is none.
	missing string
	// args fetch one archive into dir, which is also the current folder.
	args func(dir string, o order) ([]string, error)
}

// order is all that a package manager has to know to bring an archive.
type order struct {
	client        thirdparty.Client
	name, version string
	thirdparty.Parcel
}

func orderOfRuntime(r thirdparty.Runtime, b thirdparty.Build) order {
	return order{r.Client, r.Package, r.PackageVersion, b.Parcel}
}

func orderOfCollection(c thirdparty.Collection) order {
	return order{c.Client, c.Package, c.PackageVersion, c.Parcel}
}

var clients = map[thirdparty.Client]client{
	thirdparty.Pip:   {[]string{"python3", "python"}, missingPip, pipArgs},
	thirdparty.Npm:   {[]string{"npm"}, "npm not found: apt-get install npm, or install Node.js", npmArgs},
	thirdparty.Maven: {[]string{"mvn"}, "mvn not found: apt-get install maven, or install Apache Maven", mavenArgs},
}

const missingPip = "pip not found: apt-get install python3-pip, or install Python 3 with pip"

func pipArgs(dir string, o order) ([]string, error) {
	// pip takes hashes from a requirements file only.
	file := filepath.Join(dir, "requirements.txt")
	line := fmt.Sprintf("%s==%s --hash=sha256:%s\n", o.name, o.version, o.ArchiveSHA256)
	if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
		return nil, err
	}
	// Nothing of the wheels is run: any Python will do for those that hold no code for a
	// particular one, and the one that runs pip here may be older than the package asks for.
	implementation, abi := "py", "none"
	if o.Python != "" {
		implementation, abi = o.Python[:2], o.Python
	}
	return []string{
		"-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input",
		"--no-deps", "--only-binary=:all:", "--platform", o.Tag,
		"--python-version", "3.11", "--implementation", implementation, "--abi", abi,
		"--require-hashes", "--requirement", file, "--dest", dir,
	}, nil
}

func npmArgs(_ string, o order) ([]string, error) {
	return []string{"pack", "--loglevel=error", "--ignore-scripts", o.name + "@" + o.version}, nil
}

func mavenArgs(dir string, o order) ([]string, error) {
	return []string{
		"--quiet", "--batch-mode",
		"org.apache.maven.plugins:maven-dependency-plugin:3.6.0:copy",
		fmt.Sprintf("-Dartifact=%s:%s:jar:%s", o.name, o.version, o.Tag),
		"-DoutputDirectory=" + dir,
	}, nil
}

// download fetches an archive into dir and returns its path, once its hash is known to be
// right.
func download(ctx context.Context, dir string, o order) (string, error) {
	c, ok := clients[o.client]
	if !ok {
		return "", fmt.Errorf("the manifest names an unknown client %q", o.client)
	}
	program, err := lookPath(c.commands)
	if err != nil {
		return "", errors.New(c.missing)
	}
	args, err := c.args(dir, o)
	if err != nil {
		return "", unwritable(err)
	}
	if out, err := runIn(ctx, dir, program, args...); err != nil {
		return "", clientError(o.client, out, err)
	}
	archive := filepath.Join(dir, o.Archive)
	if err := CheckFile(archive, o.ArchiveSHA256); errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%s did not bring %s: is its version too old?", o.client, o.Archive)
	} else if err != nil {
		return "", refuse(err)
	}
	return archive, nil
}

// refuse adds to a wrong hash what it means to the user.
func refuse(err error) error {
	return fmt.Errorf("%w; refused, and nothing written: look what the configured package registry or mirror serves", err)
}

func lookPath(names []string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", exec.ErrNotFound
}

// runIn runs a program in a folder and returns all that it printed. The folder
// is an empty one of ours for package managers, so that no project file that
// happens to lie in the user's folder changes what they do.
func runIn(ctx context.Context, dir, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.WaitDelay = 5 * time.Second // its children may keep the pipe open
	out, err := cmd.CombinedOutput()
	return string(out), err
}

var (
	escapes = regexp.MustCompile(`\x1b\[[0-9;]*[A-Za-z]`)
	// prefixes are what package managers put before each line of an error.
	prefixes = regexp.MustCompile(`^(\[?(ERROR|WARNING)\]?:?|npm (error|ERR!)|404)(\s+|$)`)
	// boilerplate are lines of theirs that no failure is explained by.
	boilerplate = regexp.MustCompile(`^(\[notice\]|npm notice|\[Help|To see the full|Re-run Maven|For more information|A complete log|Note that you can|tarball, folder|code |errno |syscall )`)
	// noNetwork is the part of a line that says so, in the words of libc, Python,
	// Node, Java and Go.
	noNetwork = regexp.MustCompile(`(?i)[^:'"()]*(name resolution|name or service not known|EAI_AGAIN|ENOTFOUND|ENETUNREACH|ECONNREFUSED|ECONNRESET|ETIMEDOUT|connection (refused|reset|timed out)|network is unreachable|no such host|unknown host|read timed out|connect timed out|cannot connect to proxy)[^:'"()]*`)
)

// clientError makes one line of a failed package manager's output.
func clientError(name thirdparty.Client, out string, err error) error {
	if name == thirdparty.Pip && strings.Contains(out, "No module named pip") {
		return errors.New(missingPip)
	}
	if name == thirdparty.Pip && strings.Contains(out, "DO NOT MATCH THE HASHES") {
		return refuse(errors.New("pip got a file whose sha256 is not that of the manifest"))
	}
	return fmt.Errorf("%s failed: %s (%w); check the network and the registry that %s is configured for, then run this again", name, lastUseful(out), err, name)
}

// lastUseful returns the last line that says something: of a missing network,
// if one does, because what follows from it is often reported after it and
// misleads ("no matching distribution").
func lastUseful(out string) string {
	last, network := "it printed nothing", ""
	for line := range strings.Lines(escapes.ReplaceAllString(out, "")) {
		for line = strings.TrimSpace(line); prefixes.MatchString(line); {
			line = prefixes.ReplaceAllString(line, "")
		}
		if line == "" || boilerplate.MatchString(line) {
			continue
		}
		last = line
		if why := noNetwork.FindString(line); why != "" {
			network = strings.TrimSpace(why)
		}
	}
	return cmp.Or(network, last)
}
