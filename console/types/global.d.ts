// The two libraries that are classic scripts, as they stand in the page.
import type * as Oidc from "oidc-client-ts";
import type UPlot from "uplot";

declare global {
  var oidc: typeof Oidc;
  var uPlot: typeof UPlot;
}
