import { Controller, Get, Header, NotFoundException, Param, StreamableFile, applyDecorators } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { readPageFiles } from './page-files.js';

/** Everything a page needs comes from here, nothing is inline, and nobody may frame it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

function PageHeaders(): MethodDecorator {
  return applyDecorators(
    Header('Content-Security-Policy', CONTENT_SECURITY_POLICY),
    Header('X-Content-Type-Options', 'nosniff'),
    Header('Referrer-Policy', 'no-referrer'),
    Header('Cache-Control', 'no-cache'),
  );
}

/** The shop's page, the admin's page and what they load. */
@ApiExcludeController()
@Controller()
export class PagesController {
  private readonly files = readPageFiles();

  @Get()
  @PageHeaders()
  shop(): StreamableFile {
    return this.file('index.html');
  }

  @Get('admin')
  @PageHeaders()
  admin(): StreamableFile {
    return this.file('admin.html');
  }

  @Get('assets/:name')
  @PageHeaders()
  asset(@Param('name') name: string): StreamableFile {
    return this.file(name);
  }

  private file(name: string): StreamableFile {
    const file = this.files.get(name);
    if (!file) throw new NotFoundException();
    return new StreamableFile(file.content, { type: file.type, length: file.content.length });
  }
}
