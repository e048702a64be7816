/** What the build puts in place (build.mjs). */
declare const BUILD: string; // short hash of everything the build gives out
declare const FILES: readonly string[]; // addresses of this build's files; only in the service worker
declare const SHELL: string; // address of this build's page; only in the service worker
