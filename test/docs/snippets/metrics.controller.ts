import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { PushMetrics } from 'nestjs-push';
import { ScraperGuard } from './scraper.guard.js';

@Controller('internal/metrics')
@UseGuards(ScraperGuard)
export class MetricsController {
  constructor(private readonly metrics: PushMetrics) {}

  @Get()
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  scrape(): Promise<string> {
    return this.metrics.scrape();
  }
}
