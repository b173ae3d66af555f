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
	_, err = parsed.LabelFile(0)
	require.ErrorIs(t, err, model.ErrBadModel)
}

// TestArchiveMadeApart reads an archive whose offsets count from its own beginning,
// as tools write that make the archive first and append it then.
func TestArchiveMadeApart(t *testing.T) {
	apart := pack(nil, "labels.txt", labels)
	m, err := model.Parse(append(build(classifier()), apart...))
	require.NoError(t, err)
	assert.Equal(t, labels, labelText(t, m))
}

// TestArchiveBomb has a file that is small in the model and huge out of it.
func TestArchiveBomb(t *testing.T) {
	bomb := strings.Repeat("label\n", model.MaxFileSize/6+1)
	b := pack(build(classifier()), "labels.txt", bomb)
	require.Less(t, len(b), 1<<20)
	m, err := model.Parse(b)
	require.NoError(t, err)
	file, err := m.LabelFile(0)
	require.NoError(t, err)
	_, err = file.Bytes()
	require.ErrorIs(t, err, model.ErrMemory)
	assert.NotErrorIs(t, err, model.ErrBadModel)
	assert.ErrorContains(t, err, "larger than the limit of 16777216 bytes")
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
		file, err := m.LabelFile(0)
		if err == nil {
			_, err = file.Bytes()
		}
		if err != nil {
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
