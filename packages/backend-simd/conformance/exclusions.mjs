/**
 * Specs that do not run, with the reason. A spec is named by its full title without the name of the
 * test environment; a title that ends in `*` stands for all that begin so.
 */
export const exclusions = [];
