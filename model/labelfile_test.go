package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
)

// labelText is the content of the label file for the first output.
func labelText(t *testing.T, m *model.Model) string {
	t.Helper()
	file, err := m.LabelFile(0)
	require.NoError(t, err)
	require.NotNil(t, file)
	text, err := file.Bytes()
	require.NoError(t, err)
	return string(text)
}

func TestLabelFile(t *testing.T) {
	m, err := model.Parse(pack(build(classifier()), "labels.txt", labels))
	require.NoError(t, err)
	assert.Equal(t, labels, labelText(t, m))
	for _, output := range []int{-1, 1} {
		file, err := m.LabelFile(output)
		require.NoError(t, err)
		assert.Nil(t, file)
	}

	files, err := m.AssociatedFiles()
	require.NoError(t, err)
	require.Len(t, files, 1)
	assert.Equal(t, "labels.txt", files[0].Name)
	assert.EqualValues(t, len(labels), files[0].Size)
}

// Of a file with labels the metadata do not always say what it is for; its name does.
func TestLabelFileByName(t *testing.T) {
	info := classifierInfo()
	info.Outputs[0].Files = []model.FileInfo{{Name: "readme.txt"}, {Name: "assets/Pet_Labels.txt"}}
	m := classifier()
	m.Metadata[1].Data = buildInfo(info)
	packed, err := model.Parse(pack(build(m), "assets/Pet_Labels.txt", labels))
	require.NoError(t, err)
	assert.Equal(t, labels, labelText(t, packed))
}

// Ultralytics' exporter packs a file that no metadata describe. What they describe comes first.
func TestLabelFileUltralytics(t *testing.T) {
	plain := classifier()
	plain.Metadata = nil
	for _, name := range []string{"metadata.json", "metadata.yaml", "temp_meta.txt"} {
		m, err := model.Parse(pack(build(plain), name, labels))
		require.NoError(t, err)
		assert.Equal(t, labels, labelText(t, m))
		described, err := model.Parse(pack(build(classifier()), name, labels))
		require.NoError(t, err)
		_, err = described.LabelFile(0)
		require.ErrorContains(t, err, "labels.txt")
	}
	m, err := model.Parse(pack(build(plain), "labels.txt", labels))
	require.NoError(t, err)
	file, err := m.LabelFile(0)
	require.NoError(t, err)
	assert.Nil(t, file, "nothing says of which output")
}

func TestLabelFileAbsent(t *testing.T) {
	m := parse(t, classifier())
	files, err := m.AssociatedFiles()
	require.NoError(t, err)
	assert.Empty(t, files)
	_, err = m.LabelFile(0)
	require.ErrorIs(t, err, model.ErrBadModel)
	assert.ErrorContains(t, err, `label file "labels.txt" is described but not in the model`)

	plain := classifier()
	plain.Metadata = nil
	file, err := parse(t, plain).LabelFile(0)
	require.NoError(t, err)
	assert.Nil(t, file)
	file, err = (*model.Model)(nil).LabelFile(0)
	require.NoError(t, err)
	assert.Nil(t, file)
}
