package vision

// Resize lets tests look at what goes into a model.
var Resize = resize
