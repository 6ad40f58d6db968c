//! Tests of the template engine through its public interface.

mod cases;
mod go;
mod limits;
