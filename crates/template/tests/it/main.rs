//! Tests of the template engine through its public interface.

mod anything;
mod cases;
mod certificate;
mod corpus;
mod errors;
mod go;
mod limits;
