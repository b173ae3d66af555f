package vision_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

var pets = vision.Labels{0: "cat", 1: "big dog"}

// labelFiles are of the kinds that have structure.
var labelFiles = map[string]struct {
	ending, text string
	want         vision.Labels
}{
	"pbtxt":               {".pbtxt", "item {\n  id: 1\n  name: 'red'\n}\nitem {\n  name: \"blue\"\n  id: 7\n}\n", vision.Labels{1: "red", 7: "blue"}},
	"pbtxt, display":      {".pbtxt", "item {\n  name: \"/m/01g317\"\n  id: 1\n  display_name: \"person\"\n}\n", vision.Labels{1: "person"}},
	"pbtxt, one line":     {".pbtxt", "item{id:1 name:\"a\"} item { id: 2, name: 'it\\'s' ; }", vision.Labels{1: "a", 2: "it's"}},
	"pbtxt, comments":     {".pbtxt", "# pets\n\nitem: { # first\n id: 0\n name: 'cat' 'fish'\n}", vision.Labels{0: "catfish"}},
	"pbtxt, keypoints":    {".pbtxt", "item {\n id: 1\n name: 'person'\n keypoints { id: 9 label: 'nose' }\n}", vision.Labels{1: "person"}},
	"pbtxt, brace below":  {".pbtxt", "item\n{\n id: 1\n name: 'a'\n}", vision.Labels{1: "a"}},
	"JSON list":           {".json", `["cat", "big dog"]`, pets},
	"JSON list, nothing":  {".json", "[\n \"cat\",\n null,\n \"dog\"\n]\n", vision.Labels{0: "cat", 2: "dog"}},
	"JSON map":            {".json", `{"0": "cat", "1": "big dog"}`, pets},
	"JSON, Unicode":       {".json", `{"0": "K\u00e4tzchen \ud83d\ude3a", "3": "a\/b \"c\""}`, vision.Labels{0: "Kätzchen 😺", 3: `a/b "c"`}},
	"JSON of Keras":       {".json", `{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}`, vision.Labels{0: "tench", 1: "goldfish"}},
	"JSON, class ids":     {".json", `{"cat": 0, "big dog": 1}`, pets},
	"JSON objects":        {".json", `[{"id": 1, "name": "person", "supercategory": "x"}, {"name": "car", "id": 3}]`, vision.Labels{1: "person", 3: "car"}},
	"JSON, COCO":          {".json", `{"info": {"year": 2017}, "categories": [{"id": 1, "name": "person"}]}`, vision.Labels{1: "person"}},
	"JSON, id2label":      {".json", `{"id2label": {"0": "cat", "1": "big dog"}, "label2id": {"cat": 0}}`, pets},
	"Python":              {".txt", "{0: 'cat',\n 1: \"big dog\"}", pets},
	"Python, a list":      {".txt", "['cat', 'big dog',]", pets},
	"Python, metadata":    {".txt", "{'description': 'Ultralytics best model', 'imgsz': [640, 640], 'end2end': False, 'x': (1, 2), 'names': {0: 'cat', 1: 'big dog'}}", pets},
	"CSV":                 {".csv", "0,cat\n1,big dog\n", pets},
	"CSV, quotes":         {".csv", "0,\"cat, small\"\r\n\r\n5, \"dog\"\r\n", vision.Labels{0: "cat, small", 5: "dog"}},
	"CSV, header":         {".csv", "id,name\n0,cat\n1,big dog\n", pets},
	"CSV, name first":     {".csv", "Name,ID\ncat,0\nbig dog,1\n", pets},
	"CSV, YAMNet":         {".csv", "index,mid,display_name\n0,/m/09x0r,Speech\n1,/m/0ytgt,\"Child speech, kid speaking\"\n", vision.Labels{0: "Speech", 1: "Child speech, kid speaking"}},
	"CSV, semicolons":     {".csv", "0;cat\n1;big dog\n", pets},
	"CSV, nameless":       {".csv", "0,background\n1,\n2,cat\n3\n", vision.Labels{0: "background", 2: "cat"}},
	"CSV, a name below":   {".csv", "0,\n1,cat, small\n", vision.Labels{1: "cat"}},
	"CSV, titles":         {".csv", "ClassId,SignName\n0,cat\n1,\"big dog\"\n", pets},
	"CSV, other titles":   {".csv", "number;what it is\n0;cat\n1;big dog\n2;\n", pets},
	"CSV, title of ids":   {".csv", "what,class_id\ncat,0\nbig dog,1\n", pets},
	"CSV, title of names": {".csv", "Name,number\n\"cat\",0\n\"big, brown dog\",1\n", vision.Labels{0: "cat", 1: "big, brown dog"}},
	"CSV, tabs":           {".csv", "id\tname\n0\tcat\n1\tbig dog\n", pets},
	"CSV, tabs, titles":   {".csv", "number\tanimal\n0\tcat\n1\t\n2\tdog, big\n", vision.Labels{0: "cat", 2: "dog, big"}},
	"CSV, a comma within": {".csv", "0;cat, small\n1;dog\n", vision.Labels{0: "cat, small", 1: "dog"}},
	"JSON, class_name":    {".json", `[{"class_id": 0, "class_name": "cat"}, {"ClassId": 1, "ClassName": "big dog"}]`, pets},
	"JSON, label_id":      {".json", `[{"label_id": 0, "label": "cat"}, {"index": 1, "display_name": "big dog"}]`, pets},
	"YAML, comments":      {".yaml", "names: [ # two\n  'cat', # first\n  big dog # second, [last]\n  ]\n", pets},
	"YAML, two quotes":    {".yaml", "names: ['it''s', \"a#b\", c#d, 'e\\f']\n", vision.Labels{0: "it's", 1: "a#b", 2: "c#d", 3: `e\f`}},
	"YAML, plain words":   {".yaml", "names: {0: don't, 1: a:b, 2: x (small), 3: 5\" pipe}\n", vision.Labels{0: "don't", 1: "a:b", 2: "x (small)", 3: `5" pipe`}},
	"YAML":                {".yaml", "# Ultralytics\ndescription: a model\nnames:\n  0: cat\n  1: big dog\nnc: 2\n", pets},
	"YAML, the end":       {".yaml", "task: detect\nnames:\n  0: cat\n  1: big dog", pets},
	"YAML, list":          {".yml", "names:\n- cat\n- big dog\ntask: x\n", pets},
	"YAML, indented":      {".yaml", "names:   # two\n  - cat\n\n  - big dog # not small\n", pets},
	"YAML, quotes":        {".yaml", "names:\n  0: 'it''s: #1'\n  \"1\": \"tab\\tbed\" # yes\n  '2': ~\n  3:\n  4: don't\n", vision.Labels{0: "it's: #1", 1: "tab\tbed", 4: "don't"}},
	"YAML, brackets":      {".yaml", "nc: 2\nnames: ['cat', big dog]\n", pets},
	"YAML, braces":        {".yaml", "names: {0: cat,\n  1: 'big dog'}\ntask: x\n", pets},
	"YAML, all of it":     {".yaml", "---\n0: cat\n1: 'big dog'\n", pets},
	"YAML, a list":        {".yaml", "- cat\n- 'big dog'\n", pets},
}

func TestParseLabelKinds(t *testing.T) {
	dir := t.TempDir()
	for name, c := range labelFiles {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, "labels"+c.ending)
			for _, text := range []string{c.text, "\ufeff" + c.text, strings.ReplaceAll(c.text, "\n", "\r\n"), strings.ReplaceAll(c.text, "\n", "\r")} {
				require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
				got, err := vision.ReadLabels(path)
				require.NoError(t, err)
				assert.Equal(t, c.want, got, "by its ending")
			}
			if name == "YAML, all of it" {
				return // which is numbered lines as well
			}
			got, err := vision.ParseLabels(strings.NewReader(c.text))
			require.NoError(t, err)
			assert.Equal(t, c.want, got, "by its content")
		})
	}
}

func TestParseLabelKindsErrors(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ ending, text, says string }{
		"pbtxt without an id":  {"", "item {\n name: 'a'\n}", "item 1 of the label map has no number as its id"},
		"pbtxt, cut off":       {"", "item {\n id: 1\n name: 'a'\n", "the label map ends within an item"},
		"pbtxt, twice":         {"", "item { id: 1 name: 'a' }\nitem { id: 1 name: 'b' }", `the label map gives id 1 to "b", but "a" has it already`},
		"pbtxt, something":     {"", "item { id: 1 name: 'a' }\nthing { id: 2 }", `has "thing" where an item should begin`},
		"pbtxt, no quote":      {"", "item {\n id: 1\n name: 'a\n}", "line 3 of the label map is no good"},
		"JSON, cut off":        {"", "[\"cat\",\n\"dog\"", "it looks like JSON, but in line 2"},
		"JSON, twice":          {"", `{"0": "a", "0": "b"}`, `it gives id 0 to "b", but "a" has it already`},
		"JSON, other":          {"", `{"version": "1", "x": {"a": "b"}}`, "is no number of a class, nor is its value"},
		"JSON, deep":           {"", strings.Repeat("[", 100), "brackets 17 deep"},
		"JSON, a number":       {".json", "7", "neither a list of names nor a map"},
		"JSON, more":           {"", "[\"a\"]\n[\"b\"]", "something follows the end"},
		"JSON, control":        {"", `["a\u001b[2J"]`, "has no text for id 0"},
		"CSV, no id":           {".csv", "cat,dog\n", `line 1 has "cat" for an id`},
		"CSV, one column":      {".csv", "cat\ndog\n", "line 1 has 1 columns"},
		"CSV, quotes":          {".csv", "0,\"cat\n", "it is no good CSV"},
		"YAML, other":          {".yaml", "train: images\nnc: 2\n", "line 1 of the YAML is neither a name in a list nor a number with a name"},
		"YAML, nested":         {"", "names:\n  0:\n    a: b\n", "line 3 of the YAML"},
		"YAML, anchors":        {"", "names:\n  0: &x cat\n", "needs a whole YAML parser"},
		"YAML, folded":         {"", "names:\n  0: >\n    cat\n", "line 2 of the YAML needs a whole YAML parser"},
		"YAML, mixed":          {"", "names:\n  - cat\n  1: dog\n", "line 3 of the YAML is not like those before"},
		"YAML, brackets open":  {"", "names: [cat,\n dog\n", "its names are no good YAML"},
		"YAML, map in a list":  {"", "names:\n  - a: b\n", "needs a whole YAML parser"},
		"YAML, nothing":        {".yaml", "names:\ntask: x\n", "line 2 of the YAML"},
		"YAML, behind a quote": {"", "names:\n  0: 'a' b\n", "has something behind the quotes"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, "labels"+c.ending)
			require.NoError(t, os.WriteFile(path, []byte(c.text), 0o600))
			l, err := vision.ReadLabels(path)
			assert.Nil(t, l)
			require.ErrorIs(t, err, vision.ErrLabels)
			assert.ErrorContains(t, err, c.says)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestLabelsMismatch(t *testing.T) {
	count := func(from, to int) vision.Labels {
		l := vision.Labels{}
		for id := from; id < to; id++ {
			l[id] = string(rune('a' + id))
		}
		return l
	}
	for name, c := range map[string]struct {
		labels vision.Labels
		says   string
	}{
		"fit":          {count(0, 4), ""},
		"one too many": {count(0, 5), `there are 5 labels for the model's 4 classes: if the model has no class for the first, "a", the names are off by one`},
		"one too few":  {count(0, 3), `there are 3 labels for the model's 4 classes: if the model's first class is one for "background", the names are off by one`},
		"from 1":       {count(1, 5), "there are 4 labels for the model's 4 classes, but they count from 1 to 4 and the classes from 0: the names are off by one"},
		"few":          {count(0, 2), "there are 2 labels for the model's 4 classes: 2 of the classes without a label, for which numbers stand"},
		"many":         {count(0, 9), "there are 9 labels for the model's 4 classes"},
		"a gap":        {vision.Labels{0: "a", 1: "b", 3: "d"}, "there are 3 labels for the model's 4 classes: 1 of the classes without a label"},
		"none":         {nil, "there are 0 labels for the model's 4 classes: 4 of the classes"},
		"others":       {vision.Labels{100: "x"}, "there are 1 labels for the model's 4 classes: 4 of the classes"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.says == "" {
				assert.Empty(t, c.labels.Mismatch(4))
			}
			assert.Contains(t, c.labels.Mismatch(4), c.says)
		})
	}
	assert.NotPanics(t, func() { count(0, 3).Mismatch(-1) })
}
