//! Columns that hold JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::errors::Error;

pub(crate) fn write<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Internal(sqlx::Error::Encode(Box::new(error))))
}

pub(crate) fn read<T: DeserializeOwned>(
    table: &'static str,
    column: &'static str,
    row: &str,
    text: &str,
) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|_| Error::Inconsistent {
        table,
        column,
        row: row.to_owned(),
    })
}
