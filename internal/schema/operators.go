// Package schema has the numbers of TensorFlow Lite's schema, schema.fbs, that more than
// one package needs.
package schema

// Codes of enum BuiltinOperator.
const (
	OpConv2D                = 3
	OpEmbeddingLookup       = 7
	OpFullyConnected        = 9
	OpLogistic              = 14
	OpReshape               = 22
	OpCall                  = 31
	OpCustom                = 32 // all custom operators
	OpIf                    = 118
	OpWhile                 = 119
	OpDensify               = 124
	OpBatchMatMul           = 126
	OpCallOnce              = 129
	OpVarHandle             = 142
	OpReadVariable          = 143
	OpAssignVariable        = 144
	OpStablehloCustomCall   = 173
	OpStablehloReduce       = 174
	OpStablehloScatter      = 190
	OpStablehloReduceWindow = 198
	OpStablehloSort         = 199
	OpStablehloWhile        = 200
	OpStablehloComposite    = 206
	OpStablehloCase         = 209
)
