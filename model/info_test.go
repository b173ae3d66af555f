package model_test

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
)

func TestInfo(t *testing.T) {
	info, err := parse(t, classifier()).Info()
	require.NoError(t, err)
	assert.Equal(t, classifierInfo(), info)

	var none model.Model
	info, err = none.Info()
	require.NoError(t, err)
	assert.Equal(t, model.Info{}, info)
}

// TestInfoPerChannel has values for each channel of the first input, and for all of the
// second.
func TestInfoPerChannel(t *testing.T) {
	info := classifierInfo()
	info.Inputs[0].Mean, info.Inputs[0].Std = []float32{123.675, 116.28, 103.53}, []float32{58.395, 57.12, 57.375}
	info.Inputs = append(info.Inputs, model.TensorInfo{Mean: []float32{1}, Std: []float32{2}})
	m := classifier()
	m.Metadata[1].Data = buildInfo(info)
	got, err := parse(t, m).Info()
	require.NoError(t, err)
	assert.Equal(t, info.Inputs, got.Inputs)
}

func TestInfoDamaged(t *testing.T) {
	m := classifier()
	m.Metadata[1].Data = m.Metadata[1].Data[:100]
	parsed := parse(t, m)
	assert.NoError(t, parsed.Verify(), "such a model runs")
	_, err := parsed.Info()
	require.ErrorIs(t, err, model.ErrBadModel)
	assert.ErrorContains(t, err, "TFLITE_METADATA")
	_, err = parsed.Labels()
	require.ErrorIs(t, err, model.ErrBadModel)
}

func TestLabels(t *testing.T) {
	m, err := model.Parse(pack(build(classifier()), "labels.txt", labels))
	require.NoError(t, err)
	got, err := m.Labels()
	require.NoError(t, err)
	assert.Equal(t, []string{"cat", "dog", "bird"}, got)

	got, err = m.OutputLabels(0)
	require.NoError(t, err)
	assert.Equal(t, []string{"cat", "dog", "bird"}, got)
	for _, output := range []int{-1, 1} {
		got, err = m.OutputLabels(output)
		require.NoError(t, err)
		assert.Nil(t, got)
	}

	files, err := m.AssociatedFiles()
	require.NoError(t, err)
	require.Len(t, files, 1)
	assert.Equal(t, "labels.txt", files[0].Name)
	assert.EqualValues(t, len(labels), files[0].Size)
	content, err := files[0].Bytes()
	require.NoError(t, err)
	assert.Equal(t, labels, string(content))
}

// TestLabelsByName has a label file of which the metadata do not say what it is for.
func TestLabelsByName(t *testing.T) {
	info := classifierInfo()
	info.Outputs[0].Files = []model.FileInfo{{Name: "readme.txt"}, {Name: "assets/Pet_Labels.txt"}}
	m := classifier()
	m.Metadata[1].Data = buildInfo(info)
	packed, err := model.Parse(pack(build(m), "assets/Pet_Labels.txt", labels))
	require.NoError(t, err)
	got, err := packed.Labels()
	require.NoError(t, err)
	assert.Equal(t, []string{"cat", "dog", "bird"}, got)
}

func TestLabelLines(t *testing.T) {
	for text, want := range map[string][]string{
		"":               {},
		"\n":             {""},
		"a":              {"a"},
		"a\r\nb\r\n":     {"a", "b"},
		"???\n\nperson":  {"???", "", "person"},
		"7 up\n 1:two\n": {"7 up", " 1:two"},
	} {
		m, err := model.Parse(pack(build(classifier()), "labels.txt", text))
		require.NoError(t, err)
		got, err := m.Labels()
		require.NoError(t, err)
		assert.Equal(t, want, got, "%q", text)
	}
}

func TestLabelsAbsent(t *testing.T) {
	m := parse(t, classifier())
	files, err := m.AssociatedFiles()
	require.NoError(t, err)
	assert.Empty(t, files)
	_, err = m.Labels()
	require.ErrorIs(t, err, model.ErrBadModel)
	assert.ErrorContains(t, err, `label file "labels.txt" is described but not in the model`)

	plain := classifier()
	plain.Metadata = nil
	got, err := parse(t, plain).Labels()
	require.NoError(t, err)
	assert.Nil(t, got)
}

// TestArchiveMadeApart reads an archive whose offsets count from its own beginning,
// as tools write that make the archive first and append it then.
func TestArchiveMadeApart(t *testing.T) {
	apart := pack(nil, "labels.txt", labels)
	m, err := model.Parse(append(build(classifier()), apart...))
	require.NoError(t, err)
	got, err := m.Labels()
	require.NoError(t, err)
	assert.Equal(t, []string{"cat", "dog", "bird"}, got)
}

// TestArchiveBomb has a file that is small in the model and huge out of it.
func TestArchiveBomb(t *testing.T) {
	bomb := strings.Repeat("label\n", model.MaxFileSize/6+1)
	b := pack(build(classifier()), "labels.txt", bomb)
	require.Less(t, len(b), 1<<20)
	m, err := model.Parse(b)
	require.NoError(t, err)
	_, err = m.Labels()
	require.ErrorIs(t, err, model.ErrMemory)
	assert.NotErrorIs(t, err, model.ErrBadModel)
	assert.ErrorContains(t, err, "larger than the limit of 16777216 bytes")
}

// TestLabelBomb has a file that may be unpacked, with more labels than the memory of a
// small board holds: 17 kB for a gigabyte.
func TestLabelBomb(t *testing.T) {
	for n, want := range map[int]string{
		model.MaxLabels:     "",
		model.MaxLabels + 1: "has 262145 lines, the limit is 262144",
		16<<20 - 1:          "has 16777215 lines, the limit is 262144",
	} {
		m, err := model.Parse(pack(build(classifier()), "labels.txt", strings.Repeat("\n", n)))
		require.NoError(t, err)
		got, err := m.Labels()
		if want == "" {
			require.NoError(t, err)
			assert.Len(t, got, n)
			continue
		}
		require.ErrorIs(t, err, model.ErrMemory)
		assert.ErrorContains(t, err, want)
	}
}

func TestArchiveDamaged(t *testing.T) {
	original := build(classifier())
	packed := pack(original, "labels.txt", strings.Repeat(labels, 100))
	failed := 0
	for i := len(original); i < len(packed); i++ {
		b := bytes.Clone(packed)
		b[i] ^= 0xff
		m, err := model.Parse(b)
		require.NoError(t, err)
		if _, err := m.Labels(); err != nil {
			failed++
			require.ErrorIs(t, err, model.ErrBadModel)
		}
	}
	assert.Greater(t, failed, (len(packed)-len(original))/2)
}

func TestArchiveOfMany(t *testing.T) {
	var b bytes.Buffer
	b.Write(build(classifier()))
	w := zip.NewWriter(&b)
	w.SetOffset(int64(b.Len()))
	for _, name := range []string{"folder/", "folder/vocabulary.txt", "labels.txt"} {
		f, err := w.Create(name)
		require.NoError(t, err)
		if !strings.HasSuffix(name, "/") {
			_, err = io.WriteString(f, name)
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	m, err := model.Parse(b.Bytes())
	require.NoError(t, err)
	files, err := m.AssociatedFiles()
	require.NoError(t, err)
	require.Len(t, files, 2)
	assert.Equal(t, "folder/vocabulary.txt", files[0].Name)

	_, err = model.AssociatedFile{}.Bytes()
	assert.ErrorIs(t, err, model.ErrBadModel)
}

func TestFileType(t *testing.T) {
	assert.Equal(t, "axis labels", model.AxisLabelsFile.String())
	assert.Equal(t, "vocabulary", model.VocabularyFile.String())
	assert.Equal(t, "file type 6", model.FileType(6).String())
	assert.Equal(t, "file type -1", model.FileType(-1).String())
}
