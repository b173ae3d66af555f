package dl

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"math/bits"
	"os"
	"path/filepath"
	"strings"

	"github.com/gocoral/coral/internal/files"
)

// image is an ELF file as the loader sees it: by its segments. Section headers are the last
// thing in a file, and need not be there.
type image struct {
	file    *elf.File
	word    uint64  // bytes of an address
	dynamic []entry // up to DT_NULL
	ended   bool    // DT_NULL is there
	source  io.Closer
}

// entry is one of the dynamic section.
type entry struct {
	tag   elf.DynTag
	value uint64
}

// Limits for files that claim more than any library has.
const (
	mostBytes   = 1 << 25 // read at once
	mostSymbols = 1 << 20
	mostEntries = 1 << 12 // of the dynamic section
	longestText = 1 << 12
)

// openImage reads the headers of an ELF file. It has to be closed. length is that of the file.
func openImage(path string) (m *image, length uint64, err error) {
	if err := files.Regular(path); err != nil {
		return nil, 0, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil {
		m, err = newImage(f)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	m.source = f
	return m, uint64(info.Size()), nil
}

func newImage(r io.ReaderAt) (*image, error) {
	f, err := elf.NewFile(withoutSections{r})
	if err != nil {
		return nil, err
	}
	m := &image{file: f, word: 8}
	if f.Class == elf.ELFCLASS32 {
		m.word = 4
	}
	if p := m.segment(elf.PT_DYNAMIC); p != nil {
		m.readDynamic(m.at(p.Vaddr, min(p.Memsz, mostEntries*2*m.word)))
	}
	return m, nil
}

func (m *image) segment(kind elf.ProgType) *elf.Prog {
	for _, p := range m.file.Progs {
		if p.Type == kind {
			return p
		}
	}
	return nil
}

func (m *image) readDynamic(b []byte) {
	for ; uint64(len(b)) >= 2*m.word; b = b[2*m.word:] {
		e := entry{elf.DynTag(m.number(b)), m.number(b[m.word:])}
		if e.tag == elf.DT_NULL {
			m.ended = true
			return
		}
		m.dynamic = append(m.dynamic, e)
	}
}

// number is the address, or a number as large as one, at the beginning of b.
func (m *image) number(b []byte) uint64 {
	if m.word == 4 {
		return uint64(m.file.ByteOrder.Uint32(b))
	}
	return m.file.ByteOrder.Uint64(b)
}

// at is what the file has for an address, up to n bytes.
func (m *image) at(address, n uint64) []byte {
	for _, p := range m.file.Progs {
		if p.Type != elf.PT_LOAD || address < p.Vaddr || address-p.Vaddr >= p.Filesz {
			continue
		}
		offset := address - p.Vaddr
		b := make([]byte, min(n, p.Filesz-offset, mostBytes))
		k, _ := p.ReadAt(b, int64(offset)) // what is not there is missed by the caller
		return b[:k]
	}
	return nil
}

// value is that of the entry with a tag, 0 if there is none.
func (m *image) value(tag elf.DynTag) uint64 {
	for _, e := range m.dynamic {
		if e.tag == tag {
			return e.value
		}
	}
	return 0
}

// texts are those of all entries with a tag.
func (m *image) texts(tag elf.DynTag) (all []string) {
	for _, e := range m.dynamic {
		if e.tag != tag {
			continue
		}
		text, _, ended := bytes.Cut(m.at(m.value(elf.DT_STRTAB)+e.value, longestText), []byte{0})
		if ended {
			all = append(all, string(text))
		}
	}
	return all
}

// extent is how long the file must be to hold all that the loader maps.
func (m *image) extent() (need uint64) {
	for _, p := range m.file.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		end, carry := bits.Add64(p.Off, p.Filesz, 0)
		need = max(need, end, -carry) // all ones if it overflows
	}
	return need
}

// fault is what of the dynamic section the loader takes to be there and is not, "" for
// nothing. It follows these addresses unseen.
func (m *image) fault() string {
	if m.segment(elf.PT_DYNAMIC) == nil {
		return "" // which the loader looks at
	}
	for _, tag := range []elf.DynTag{elf.DT_STRTAB, elf.DT_SYMTAB, elf.DT_STRSZ} {
		if m.value(tag) == 0 {
			return fmt.Sprintf("its dynamic section has no %v", tag)
		}
	}
	if !m.ended {
		return "its dynamic section has no end"
	}
	return ""
}

// lacking lists the names that the file does not export, nil where that cannot be told.
func (m *image) lacking(names []string) (missing []string) {
	there, ok := m.exported(names)
	if !ok {
		return nil
	}
	for _, name := range names {
		if !there[name] {
			missing = append(missing, name)
		}
	}
	return missing
}

// exported tells which of the names the file exports; ok is false where that cannot be told.
func (m *image) exported(names []string) (there map[string]bool, ok bool) {
	longest := 0
	for _, name := range names {
		longest = max(longest, len(name)+1)
	}
	size := uint64(elf.Sym32Size)
	sectionAt := 14 // st_shndx
	if m.word == 8 {
		size, sectionAt = elf.Sym64Size, 6
	}
	count := m.symbols()
	table := m.at(m.value(elf.DT_SYMTAB), count*size)
	texts := m.at(m.value(elf.DT_STRTAB), m.value(elf.DT_STRSZ))
	if m.fault() != "" || count == 0 || uint64(len(table)) != count*size || uint64(len(texts)) != m.value(elf.DT_STRSZ) {
		return nil, false
	}
	there = make(map[string]bool)
	order := m.file.ByteOrder
	for ; len(table) > 0; table = table[size:] {
		from := uint64(order.Uint32(table))
		if defined := elf.SectionIndex(order.Uint16(table[sectionAt:])) != elf.SHN_UNDEF; !defined || from >= uint64(len(texts)) {
			continue
		}
		text := texts[from:min(from+uint64(longest), uint64(len(texts)))]
		if name, _, ended := bytes.Cut(text, []byte{0}); ended {
			there[string(name)] = true
		}
	}
	return there, true
}

// symbols counts the entries of the symbol table, of which only the hash tables tell how many
// there are; 0 if that cannot be told.
func (m *image) symbols() uint64 {
	order := m.file.ByteOrder
	if head := m.at(m.value(elf.DT_HASH), 8); len(head) == 8 && m.value(elf.DT_HASH) != 0 {
		return min(uint64(order.Uint32(head[4:])), mostSymbols)
	}
	table := m.value(elf.DT_GNU_HASH)
	head := m.at(table, 16)
	if table == 0 || len(head) < 16 {
		return 0
	}
	buckets, first, bloom := uint64(order.Uint32(head)), uint64(order.Uint32(head[4:])), uint64(order.Uint32(head[8:]))
	table += 16 + bloom*m.word
	last := uint64(0)
	for b := m.at(table, 4*buckets); len(b) >= 4; b = b[4:] {
		last = max(last, uint64(order.Uint32(b)))
	}
	if last < first {
		return first
	}
	chain := m.at(table+4*buckets+4*(last-first), 4*mostSymbols)
	for ; len(chain) >= 4 && last < mostSymbols; chain = chain[4:] {
		last++
		if order.Uint32(chain)&1 != 0 { // the last of its bucket
			return last
		}
	}
	return 0
}

// linkage is what an ELF file needs and where it has that searched for.
type linkage struct{ needed, rpath, runpath []string }

// linkageOf is empty for what cannot be read.
func linkageOf(file string) (l linkage) {
	m, _, err := openImage(file)
	if err != nil {
		return l
	}
	defer m.source.Close()
	origin := filepath.Dir(file)
	for _, name := range m.texts(elf.DT_NEEDED) {
		l.needed = append(l.needed, expand(name, origin))
	}
	l.runpath = pathFolders(strings.Join(m.texts(elf.DT_RUNPATH), ":"), origin)
	if l.runpath == nil { // which makes the loader ignore the older form
		l.rpath = pathFolders(strings.Join(m.texts(elf.DT_RPATH), ":"), origin)
	}
	return l
}

// withoutSections is an ELF file that claims to have no section headers: package elf reads
// nothing of a file that lacks them but should have them.
type withoutSections struct{ io.ReaderAt }

// The places of e_shoff and of e_shnum with e_shstrndx in the headers of both classes.
var sectionFields = map[elf.Class][2]struct{ from, to int }{
	elf.ELFCLASS32: {{32, 36}, {48, 52}},
	elf.ELFCLASS64: {{40, 48}, {60, 64}},
}

func (w withoutSections) ReadAt(b []byte, off int64) (int, error) {
	n, err := w.ReaderAt.ReadAt(b, off)
	var ident [elf.EI_NIDENT]byte
	if _, err := w.ReaderAt.ReadAt(ident[:], 0); err != nil {
		return n, err
	}
	for _, field := range sectionFields[elf.Class(ident[elf.EI_CLASS])] {
		from, to := max(int64(field.from)-off, 0), min(int64(field.to)-off, int64(n))
		if from < to {
			clear(b[from:to])
		}
	}
	return n, err
}
