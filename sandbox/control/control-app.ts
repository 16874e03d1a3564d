import { Hono } from "hono";
import { z } from "zod";
import { DriveError } from "../drives/drive.ts";

/** What a vendor's own control calls are added to: what is impossible, or makes no sense, is answered in words. */
export function controlApp(): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    if (error instanceof DriveError) return c.json({ error: error.message }, error.status);
    if (error instanceof z.ZodError) return c.json({ error: z.prettifyError(error) }, 400);
    throw error;
  });
  return app;
}
