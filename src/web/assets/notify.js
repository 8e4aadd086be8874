/** Settings of notifications. */
import "./app.js";
