package dl_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/dl"
)

// made is an ELF library without section headers: it needs libneeded.so, which is in /run/path,
// exports answer, and leaves question open.
func made(class elf.Class, order binary.ByteOrder, without elf.DynTag) []byte {
	const (
		base                        = 0x1000 // addresses are not offsets
		dynamicAt, textsAt, tableAt = 0x100, 0x200, 0x300
		hashAt, end                 = 0x400, 0x500
	)
	texts := "\x00libneeded.so\x00/run/path\x00answer\x00question\x00"
	at := func(text string) uint64 { return uint64(bytes.Index([]byte(texts), []byte(text))) }
	b := make([]byte, end)
	ident := [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(class), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)}
	if order.String() == binary.BigEndian.String() {
		ident[elf.EI_DATA] = byte(elf.ELFDATA2MSB)
	}
	put := func(offset int, values ...any) {
		var out bytes.Buffer
		for _, v := range values {
			_ = binary.Write(&out, order, v)
		}
		copy(b[offset:], out.Bytes())
	}
	word := func(v uint64) any {
		if class == elf.ELFCLASS32 {
			return uint32(v)
		}
		return v
	}
	const dynamicSize = 8 * 2 * 8
	if class == elf.ELFCLASS32 {
		put(0, elf.Header32{Ident: ident, Type: uint16(elf.ET_DYN), Version: 1, Phoff: 52, Ehsize: 52, Phentsize: 32, Phnum: 2})
		put(52, elf.Prog32{Type: uint32(elf.PT_LOAD), Vaddr: base, Filesz: end, Memsz: end},
			elf.Prog32{Type: uint32(elf.PT_DYNAMIC), Off: dynamicAt, Vaddr: base + dynamicAt, Filesz: dynamicSize, Memsz: dynamicSize})
		put(tableAt, elf.Sym32{}, elf.Sym32{Name: uint32(at("answer")), Shndx: 1}, elf.Sym32{Name: uint32(at("question"))})
	} else {
		put(0, elf.Header64{Ident: ident, Type: uint16(elf.ET_DYN), Version: 1, Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 2})
		put(64, elf.Prog64{Type: uint32(elf.PT_LOAD), Vaddr: base, Filesz: end, Memsz: end},
			elf.Prog64{Type: uint32(elf.PT_DYNAMIC), Off: dynamicAt, Vaddr: base + dynamicAt, Filesz: dynamicSize, Memsz: dynamicSize})
		put(tableAt, elf.Sym64{}, elf.Sym64{Name: uint32(at("answer")), Shndx: 1}, elf.Sym64{Name: uint32(at("question"))})
	}
	var dynamic []any
	for _, e := range []struct {
		tag   elf.DynTag
		value uint64
	}{
		{elf.DT_NEEDED, at("libneeded.so")},
		{elf.DT_RUNPATH, at("/run/path")},
		{elf.DT_STRTAB, base + textsAt},
		{elf.DT_STRSZ, uint64(len(texts))},
		{elf.DT_SYMTAB, base + tableAt},
		{elf.DT_HASH, base + hashAt},
		{elf.DT_NULL, 0},
	} {
		if e.tag == without {
			e.tag = elf.DT_DEBUG
		}
		dynamic = append(dynamic, word(uint64(e.tag)), word(e.value))
	}
	put(dynamicAt, dynamic...)
	put(textsAt, []byte(texts))
	put(hashAt, []uint32{1, 3}) // buckets, symbols
	return b
}

// everyForm is made of both classes and byte orders.
func everyForm(f func(class elf.Class, order binary.ByteOrder)) {
	for _, class := range []elf.Class{elf.ELFCLASS32, elf.ELFCLASS64} {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			f(class, order)
		}
	}
}

const none = elf.DT_HIPROC // a tag that the files have not

func TestRead(t *testing.T) {
	everyForm(func(class elf.Class, order binary.ByteOrder) {
		needed, runpath, lacking, fault, err := dl.Read(bytes.NewReader(made(class, order, none)), "answer", "question", "other")
		require.NoError(t, err, "%v %v", class, order)
		assert.Equal(t, []string{"libneeded.so"}, needed)
		assert.Equal(t, []string{"/run/path"}, runpath)
		assert.Equal(t, []string{"question", "other"}, lacking)
		assert.Empty(t, fault)
		for _, tag := range []elf.DynTag{elf.DT_STRTAB, elf.DT_SYMTAB, elf.DT_STRSZ} {
			_, _, lacking, fault, err := dl.Read(bytes.NewReader(made(class, order, tag)), "answer")
			require.NoError(t, err)
			assert.Equal(t, "its dynamic section has no "+tag.String(), fault)
			assert.Empty(t, lacking, "which cannot be told")
		}
		_, _, _, fault, err = dl.Read(bytes.NewReader(made(class, order, elf.DT_NULL)), "answer")
		require.NoError(t, err)
		assert.Empty(t, fault, "zeros follow")
	})
}

// Whatever a file says, reading it ends, and takes no more memory than a library's parts.
func FuzzRead(f *testing.F) {
	everyForm(func(class elf.Class, order binary.ByteOrder) { f.Add(made(class, order, none)) })
	f.Fuzz(func(t *testing.T, b []byte) {
		needed, _, lacking, _, err := dl.Read(bytes.NewReader(b), "answer")
		if err != nil {
			return
		}
		for _, name := range needed {
			require.NotContains(t, name, "\x00")
		}
		require.LessOrEqual(t, len(lacking), 1)
	})
}
