//! The real program, started as a person starts it.

mod api_token;
mod audit;
mod basics;
mod certificates;
mod contexts;
mod conversions;
mod corpus;
mod doctor;
mod documents;
mod examples;
mod fileserver;
mod init;
mod issuing;
mod jose;
mod keys;
mod lint;
mod oauth;
mod offline;
mod pages;
mod peers;
mod presets;
mod renewal;
mod revocation;
mod rules;
mod sandbox;
mod toolbox;
