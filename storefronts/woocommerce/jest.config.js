// WooCommerce's tests as they are, without their report and their groups of tests.
module.exports = {
  globals: { API_PATH: process.env.API_PATH },
  testRunner: "jasmine2",
};
