package stream

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// child is ffmpeg at work.
type child struct {
	*exec.Cmd
	said tail
}

// ffmpeg prepares the program with its arguments. The end of the context kills it.
func ffmpeg(ctx context.Context, arguments ...string) (*child, error) {
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return nil, fmt.Errorf("%w (%w): videos need it: apt-get install ffmpeg, on Debian and Ubuntu; brew install ffmpeg, on macOS; or see ffmpeg.org", ErrFFmpeg, err)
	}
	p := &child{Cmd: exec.CommandContext(ctx, path, append([]string{"-hide_banner", "-loglevel", "error", "-nostdin"}, arguments...)...)}
	p.Stderr = &p.said
	p.WaitDelay = time.Second // for what ffmpeg itself has started and that holds on to the pipes
	ownGroup(p.Cmd)
	return p, nil
}

// failed makes an error of how the program ended, with what it said.
func (p *child) failed(kind, err error) error {
	if err == nil {
		return nil
	}
	if said := p.said.lines(p.Args); said != "" {
		return fmt.Errorf("%w: ffmpeg: %s (%w)", kind, said, err)
	}
	return fmt.Errorf("%w: ffmpeg: %w", kind, err)
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const maxTail = 1 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if over := len(t.text) - maxTail; over > 0 {
		t.text = t.text[over:]
	}
	return len(b), nil
}

// lines are what was written, in one line, and without the passwords of the arguments.
func (t *tail) lines(arguments []string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []string
	for line := range strings.Lines(string(t.text)) {
		if line = strings.TrimSpace(strings.ToValidUTF8(line, "")); line != "" {
			all = append(all, line)
		}
	}
	text := strings.Join(all, "; ")
	for _, a := range arguments {
		if strings.Contains(a, "://") {
			text = strings.ReplaceAll(text, a, redacted(a))
		}
	}
	return text
}
