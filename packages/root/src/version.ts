/** The version of this program, shown by the API. */
export const version = '0.1.0';
