//go:build cgo && linux

package tflitelib_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/dl/dltest"
	"github.com/gocoral/coral/internal/tflitelib"
	"github.com/gocoral/coral/internal/tflitelib/tflitelibtest"
)

// named has the program use one library only.
func (p *program) named(path string) { p.env = []string{tflitelib.Variable + "=" + path} }

// refuses has the program look at a library that it must not use, and returns the error.
func (p *program) refuses(t *testing.T, path, says string) result {
	t.Helper()
	p.named(path)
	r := p.fails(t)
	assert.Contains(t, r.Error, path)
	assert.Contains(t, r.Error, says)
	assert.Contains(t, r.Error, "correct or unset CORAL_TFLITE_LIB")
	return r
}

func cutTo(size int) func([]byte) []byte { return func(b []byte) []byte { return b[:size] } }

// mapped is where the last segment of a library ends in its file.
func mapped(t *testing.T, library string) (end int) {
	t.Helper()
	f, err := elf.Open(library)
	require.NoError(t, err)
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD {
			end = max(end, int(p.Off+p.Filesz))
		}
	}
	return end
}

// Each of these files is no library for this process, and each gets its sentence.
func TestNoLibrary(t *testing.T) {
	p := newProgram(t)
	standIn := tflitelibtest.StandIn(t)
	path := filepath.Join(t.TempDir(), "lib.so")
	patched := func(at int, with ...byte) func([]byte) []byte {
		return func(b []byte) []byte { return append(append(bytes.Clone(b[:at]), with...), b[at+len(with):]...) }
	}
	other := binary.LittleEndian.AppendUint16(nil, uint16(elf.EM_RISCV))
	class := byte(elf.ELFCLASS32)
	if strconv.IntSize == 32 {
		class = byte(elf.ELFCLASS64)
	}
	const machineAt = 18
	for name, tt := range map[string]struct {
		change func([]byte) []byte
		says   string
	}{
		"another processor": {patched(machineAt, other...), "it is built for riscv64, this program for " + runtime.GOARCH},
		"another class":     {patched(elf.EI_CLASS, class), "wrong ELF class"},
		"text":              {func([]byte) []byte { return []byte("no library") }, "file too short (the file is damaged or no shared library for linux)"},
		"longer text":       {func([]byte) []byte { return bytes.Repeat([]byte("INPUT(libc.so.6) "), 200) }, "invalid ELF header (the file is damaged or no shared library for linux)"},
		"empty":             {cutTo(0), "file too short (the file is damaged or no shared library for linux)"},
		"zeros":             {func([]byte) []byte { return make([]byte, 1<<16) }, "invalid ELF header (the file is damaged or no shared library for linux)"},
	} {
		t.Run(name, func(t *testing.T) {
			tflitelibtest.Copy(t, standIn, path, tt.change)
			assert.False(t, p.refuses(t, path, tt.says).Unsupported)
		})
	}
	t.Run("no file", func(t *testing.T) {
		dir := t.TempDir()
		p.refuses(t, dir, "is a directory, not a regular file (give the path of a shared library for linux)")
		p.refuses(t, "/dev/zero", "/dev/zero is a device, not a regular file")
		pipe := filepath.Join(dir, "pipe.so")
		require.NoError(t, syscall.Mkfifo(pipe, 0o666))
		p.refuses(t, pipe, "is a pipe, not a regular file")
	})
}

// Wherever a library was cut short, it is refused: one that the compiler made, and a whole
// TensorFlow Lite.
func TestCutShort(t *testing.T) {
	p := newProgram(t)
	for name, library := range map[string]func(t *testing.T) string{
		"stand-in": func(t *testing.T) string { return tflitelibtest.StandIn(t) },
		"2.9.0":    func(t *testing.T) string { return tflitelibtest.Real(t, "2.9.0") },
		"2.17.1":   func(t *testing.T) string { return tflitelibtest.Real(t, "2.17.1") },
	} {
		t.Run(name, func(t *testing.T) {
			whole := library(t)
			path := filepath.Join(t.TempDir(), "lib.so")
			for place, size := range placesToCut(t, whole) {
				tflitelibtest.Copy(t, whole, path, cutTo(size))
				t.Log(place, p.refuses(t, path, "").Error)
			}
			// What is behind the segments, the loader does not need.
			tflitelibtest.Copy(t, whole, path, cutTo(mapped(t, whole)))
			p.named(path)
			assert.Equal(t, path, p.finds(t).Path)
		})
	}
}

// placesToCut are sizes that a part of each kind is missing at.
func placesToCut(t *testing.T, library string) map[string]int {
	t.Helper()
	f, err := elf.Open(library)
	require.NoError(t, err)
	defer f.Close()
	const header, programHeader = 64, 56 // of 64 bits; in the 32-bit ones it is inside them
	places := map[string]int{
		"the magic number": 3, "the header": header / 2, "the first program header": header + programHeader/2,
		"the last program header": header + programHeader*len(f.Progs) - 1, "the last byte that is mapped": mapped(t, library) - 1,
	}
	for k, p := range f.Progs {
		if p.Type == elf.PT_LOAD && p.Filesz > 0 {
			places["the middle of segment "+strconv.Itoa(k)] = int(p.Off + p.Filesz/2)
		}
	}
	return places
}

// A library that works, but is none of TensorFlow Lite, or not a whole one.
func TestAnotherLibrary(t *testing.T) {
	p := newProgram(t)
	own := dltest.Shared(t, "libown.so", dltest.Source(t, "int answer = 42;"))
	r := p.refuses(t, own, "this is not TensorFlow Lite's C library: it has none of its functions")
	assert.True(t, r.Unsupported)

	r = p.refuses(t, tflitelibtest.StandIn(t, "-DNO_NAME"), "this is not the whole C library of TensorFlow Lite 2.9 or newer: it lacks TfLiteTensorName")
	assert.True(t, r.Unsupported)
	assert.NotContains(t, r.Error, "more functions")

	version := dltest.Shared(t, "libversion.so", dltest.Source(t, `const char* TfLiteVersion(void) { return "2.17.1"; }`))
	r = p.refuses(t, version, "it lacks TfLiteModelCreate and 23 more functions")
	assert.True(t, r.Unsupported)

	p.env = []string{tflitelib.Variable + "=libm.so.6"} // which the loader finds
	r = p.fails(t)
	assert.True(t, r.Unsupported)
	assert.Contains(t, r.Error, "this is not TensorFlow Lite's C library")
}

// A version is a short text with two numbers at the beginning; what a library says otherwise
// cannot be compared with anything.
func TestVersionThatIsNone(t *testing.T) {
	p := newProgram(t)
	for name, tt := range map[string]struct{ version, says string }{
		"none":      {"NULL", `""`},
		"empty":     {`""`, `""`},
		"a word":    {`"nightly"`, `"nightly"`},
		"two lines": {`"2.17.1\nx"`, `"2.17.1\nx"`},
		"no text":   {`"\377\1"`, `"\xff\x01"`},
		"cut":       {`"2.17.1-` + strings.Repeat("x", 64) + `"`, `"2.17.1-xxx`},
	} {
		t.Run(name, func(t *testing.T) {
			r := p.refuses(t, tflitelibtest.StandIn(t, "-DVERSION="+tt.version), "it says that its version is "+tt.says)
			assert.True(t, r.Unsupported)
		})
	}
	for _, version := range []string{"2.99.0-rc1", "2.99.0-dev20270101", "3.0.0", "99.1"} {
		p.named(tflitelibtest.StandIn(t, `-DVERSION="`+version+`"`))
		assert.Equal(t, version, p.finds(t).Version)
	}
	unended := dltest.Shared(t, "libunended.so", tflitelibtest.Source(t), `-DVERSION=memset(malloc(4096),49,4096)`)
	p.refuses(t, unended, "it says that its version is \"1111")
}

// It says that it is a known version, and is another: the self-check sees what has moved,
// wherever the wrong pointers lead.
func TestOtherStructures(t *testing.T) {
	tflitelibtest.SkipASan(t, "sees that memory of wrong structures is not theirs")
	p := newProgram(t)
	known := `-DVERSION="2.17.1"`
	p.named(tflitelibtest.StandIn(t, known))
	assert.Equal(t, "2.17.1", p.finds(t).Version, "the stand-in's structures are the right ones otherwise")
	for _, version := range []string{known, `-DVERSION="2.9.0"`, `-DVERSION="2.20.0"`} {
		p.named(tflitelibtest.StandIn(t, version))
		p.finds(t)
	}

	moved := map[string][]string{
		"TENSOR":       {"TfLiteTensor.data", "TfLiteTensor.name", "TfLiteTensor.dims", "TfLiteTensor.quantization.params"},
		"CONTEXT":      {"TfLiteContext.GetExecutionPlan", "TfLiteContext.tensors"},
		"NODE":         {"TfLiteNode.inputs", "TfLiteNode.custom_initial_data"},
		"REGISTRATION": {"TfLiteRegistration.custom_name", "an operator is not prepared"},
	}
	pointers := map[string]string{
		"NULL": "NULL", "small": "1", "nowhere": "0x7eeeeeee0000", "not canonical": "0xeeeeeeeeeeeeeeee",
		"text": `"text"`, "forbidden": "mmap(NULL,4096,PROT_NONE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0)",
	}
	for structure, fields := range moved {
		for name, pointer := range pointers {
			t.Run(structure+" "+name, func(t *testing.T) {
				path := tflitelibtest.StandIn(t, known, "-DSHIFT_"+structure, "-DSHIFT="+pointer)
				r := p.refuses(t, path, "it says that it is TensorFlow Lite 2.17.1 and is not built as that is (")
				assert.True(t, r.Unsupported)
				for _, field := range fields {
					assert.Contains(t, r.Error, field)
				}
				assert.Contains(t, r.Error, "take another build")
			})
		}
	}
}

// needing makes a library, of the name lib.so, that needs another one in the folder.
func needing(t *testing.T) (library, needed string) {
	t.Helper()
	needed = dltest.Shared(t, "libcoral-needed.so", dltest.Source(t, "int give(void) { return 1; }"))
	library = dltest.Shared(t, "lib.so", tflitelibtest.Source(t), dltest.Source(t, "int give(void); int ask(void) { return give(); }"),
		"-L"+filepath.Dir(needed), "-lcoral-needed")
	return library, needed
}

func TestDependencies(t *testing.T) {
	p := newProgram(t)
	library, needed := needing(t)
	p.refuses(t, library, "it needs libcoral-needed.so; install the package with that library")

	folder := "LD_LIBRARY_PATH=" + filepath.Dir(needed)
	p.named(library)
	p.env = append(p.env, folder)
	p.finds(t)

	whole, err := os.ReadFile(needed)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(needed, whole[:mapped(t, needed)-1], 0o755))
	r := p.fails(t)
	assert.Contains(t, r.Error, "it needs libcoral-needed.so, and the file "+needed+" was cut short")
}

// It was built for a newer C library than this one. The versions that it wants are
// overwritten in the file, since no linker here knows such.
func TestNewerCLibrary(t *testing.T) {
	p := newProgram(t)
	path := filepath.Join(t.TempDir(), "lib.so")
	wanted := regexp.MustCompile(`GLIBC_2(\.[0-9.]+\x00)`)
	var found bool
	tflitelibtest.Copy(t, tflitelibtest.StandIn(t), path, func(b []byte) []byte {
		found = wanted.Match(b)
		return wanted.ReplaceAll(b, []byte("GLIBC_9$1"))
	})
	if !found {
		t.Skip("the C library here has no versions")
	}
	p.refuses(t, path, "it needs a newer C library (glibc) than this system has; take a build for an older system, or upgrade this one")
}

func TestUnreadable(t *testing.T) {
	p := newProgram(t)
	if os.Getuid() != 0 {
		t.Skip("only root can start a program as another user")
	}
	const nobody = 65534
	p.user = &syscall.Credential{Uid: nobody, Gid: nobody}
	path := filepath.Join(openFolder(t), "lib.so")
	tflitelibtest.Copy(t, tflitelibtest.StandIn(t), path, nil)
	p.named(path)
	p.finds(t)
	require.NoError(t, os.Chmod(path, 0o600))
	p.refuses(t, path, "this user may not read the file; change its mode or owner")
}

// A file system that nothing may be run from.
func TestNoExec(t *testing.T) {
	p := newProgram(t)
	dir := openFolder(t)
	p.wrap = []string{
		"unshare", "--mount", "--propagation=private", "sh", "-ec",
		`mount -t tmpfs -o noexec tmpfs "$0"; cp "$1" "$0/lib.so"; shift; exec "$@"`, dir, tflitelibtest.StandIn(t),
	}
	if out, err := exec.CommandContext(t.Context(), p.wrap[0], append(p.wrap[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("nothing can be mounted here: %v: %s", err, out)
	}
	p.refuses(t, filepath.Join(dir, "lib.so"), "the file system may be mounted noexec")
}
