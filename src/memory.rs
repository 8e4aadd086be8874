//! What assistants remember: facts with a category, a source and a history.
