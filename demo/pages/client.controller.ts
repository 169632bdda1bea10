import {
  Controller,
  Get,
  Header,
  Headers,
  NotFoundException,
  Param,
  Res,
  StreamableFile,
  applyDecorators,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { readClientFiles } from './client-files.js';

/** What both platforms can do with an answer. */
interface ResponseLike {
  status(code: number): unknown;
  header(name: string, value: string): unknown;
}

/**
 * The files are public, so pages of other origins may import them too. They import one another: a browser asks each time
 * whether its copies still fit together.
 */
function ClientHeaders(): MethodDecorator {
  return applyDecorators(
    Header('Access-Control-Allow-Origin', '*'),
    Header('X-Content-Type-Options', 'nosniff'),
    Header('Cache-Control', 'no-cache'),
  );
}

/**
 * `nestjs-push/client` for pages without a bundler: `<script type="module">` imports `/nestjs-push/client/index.js`, and
 * the relative imports in it lead to the other files here.
 */
@ApiExcludeController()
@Controller('nestjs-push')
export class ClientController {
  private readonly files = readClientFiles();

  @Get(':folder/:name')
  @ClientHeaders()
  file(
    @Param('folder') folder: string,
    @Param('name') name: string,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) response: ResponseLike,
  ): StreamableFile | undefined {
    const file = this.files.get(`${folder}/${name}`);
    if (!file) throw new NotFoundException();
    response.header('ETag', file.etag);
    if (known?.includes(file.etag) === true) {
      response.status(304);
      return undefined;
    }
    return new StreamableFile(file.content, { type: file.type, length: file.content.length });
  }
}
