package dl

// Explain is explain, for the texts of loaders that the test machine has not.
var Explain = explain
