package processes_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/internal/processes"
)

func table(files map[string]string) processes.Table {
	fsys := fstest.MapFS{}
	for name, content := range files {
		fsys["proc/"+name] = &fstest.MapFile{Data: []byte(content), Mode: 0o444}
	}
	return processes.In(fsys)
}

func TestProgram(t *testing.T) {
	worker := "/usr/bin/app\x00tpu-worker\x00"
	tests := map[string]struct {
		files map[string]string
		want  int
	}{
		"a program":                   {map[string]string{"20/cmdline": "app\x00--flag\x00", "20/stat": "20 (app) S 10 20 10 0"}, 20},
		"a worker":                    {map[string]string{"20/cmdline": worker, "20/stat": "20 (app) S 10 20 7 0", "10/stat": "10 (app) S 1 10 7 0"}, 10},
		"a name with everything":      {map[string]string{"20/cmdline": worker, "20/stat": "20 (a) S 1 (b)) S 10 20 7 0", "10/stat": "10 (x y) S 1 10 7 0"}, 10},
		"left behind, with init":      {map[string]string{"20/cmdline": worker, "20/stat": "20 (app) S 1 20 7 0", "1/stat": "1 (init) S 0 1 7 0"}, 20},
		"left behind, with a manager": {map[string]string{"20/cmdline": worker, "20/stat": "20 (app) S 10 20 7 0", "10/stat": "10 (systemd) S 1 10 10 0"}, 20},
		"of another container":        {map[string]string{"20/cmdline": worker, "20/stat": "20 (app) S 0 20 0 0"}, 20},
		"unreadable":                  {nil, 20},
		"damaged":                     {map[string]string{"20/cmdline": worker, "20/stat": "20 (app) S x y z"}, 20},
		"cut":                         {map[string]string{"20/cmdline": worker, "20/stat": "20 (app"}, 20},
		"the argument elsewhere":      {map[string]string{"20/cmdline": "tpu-worker\x00-x\x00tpu-worker\x00", "20/stat": "20 (app) S 10 20 7 0", "10/stat": "10 (a) S 1 10 7 0"}, 20},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, table(test.files).Program(20)) })
	}
}

func TestName(t *testing.T) {
	p := table(map[string]string{"1/comm": "frigate\n", "2/comm": "a\x1b[1mb\xff\n"})
	assert.Equal(t, "frigate", p.Name(1))
	assert.Equal(t, "a[1mb?", p.Name(2))
	assert.Empty(t, p.Name(3))
}

func TestHolding(t *testing.T) {
	link := func(target string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink}
	}
	p := processes.In(fstest.MapFS{
		"proc/12/fd/0":    link("/dev/null"),
		"proc/12/fd/7":    link("/dev/bus/usb/002/003"),
		"proc/9/fd/3":     link("/dev/bus/usb/002/003"),
		"proc/13/fd/3":    link("/dev/bus/usb/002/0033"),
		"proc/self/fd/3":  link("/dev/bus/usb/002/003"),
		"proc/14/comm":    {Data: []byte("no fd")},
		"proc/version/fd": {},
	})
	assert.Equal(t, []int{9, 12}, p.Holding("/dev/bus/usb/002/003"))
	assert.Empty(t, p.Holding("/dev/apex_0"))
	assert.Empty(t, processes.In(fstest.MapFS{}).Holding("/dev/apex_0"))
}

// This process, by the kernel's own files.
func TestThisProcess(t *testing.T) {
	if _, err := os.Stat("/proc/self/comm"); err != nil {
		t.Skip("no proc here: ", err)
	}
	path := filepath.Join(t.TempDir(), "node")
	f, err := os.Create(path)
	assert.NoError(t, err)
	defer f.Close()
	p := processes.In(os.DirFS("/"))
	assert.Equal(t, []int{os.Getpid()}, p.Holding(path))
	assert.Equal(t, os.Getpid(), p.Program(os.Getpid()))
	assert.NotEmpty(t, p.Name(os.Getpid()))
}
