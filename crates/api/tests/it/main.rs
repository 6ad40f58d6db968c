//! What comes from outside, read whatever it is.

mod corpus;
