/*
Package query asks about the rows of tables that others describe.
*/
package query
