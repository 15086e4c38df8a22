import { describe, expect, it } from 'vitest';
import {
  breakRequest,
  type ComPortRequest,
  isAnswerTo,
  isAsAsked,
  purgeRequest,
  settingRequests,
} from '../../../src/port/transport/rfc2217-requests.ts';

const payloads = (requests: readonly ComPortRequest[]): string[] =>
  requests.map(({ payload }) => payload.toString('hex'));

describe('the requests of RFC 2217', () => {
  it('say every setting of the line, those left to their defaults too', () => {
    expect(payloads(settingRequests({}))).toEqual(['0100002580', '0208', '0301', '0401', '0501']);
    const settings = { baudRate: 19_200, dataBits: 7, parity: 'odd', stopBits: 2, rtscts: true } as const;
    expect(payloads(settingRequests(settings))).toEqual(['0100004b00', '0207', '0302', '0402', '0503']);
    expect(payloads(settingRequests({ parity: 'mark', stopBits: 1.5, xon: true })).slice(2)).toEqual([
      '0304',
      '0403',
      '0502',
    ]);
  });

  it('say flow control of one direction in a command of its own', () => {
    expect(payloads(settingRequests({ xon: true, xoff: false })).slice(4)).toEqual(['0502', '050e']);
    expect(payloads(settingRequests({ xoff: true })).slice(4)).toEqual(['0501', '050f']);
  });

  it('say the levels of DTR and RTS where they are asked for, and leave RTS to hardware flow control', () => {
    expect(payloads(settingRequests({ dtr: false, rts: true })).slice(5)).toEqual(['0509', '050b']);
    expect(payloads(settingRequests({ dtr: true, rts: false })).slice(5)).toEqual(['0508', '050c']);
    expect(payloads(settingRequests({ rts: false, rtscts: true })).slice(5)).toEqual([]);
    expect(payloads([breakRequest(true), breakRequest(false), purgeRequest])).toEqual(['0505', '0506', '0c03']);
  });

  it('know their answers by command, and by the line that SET-CONTROL is about', () => {
    const [rate, , , , flow, dtr] = settingRequests({ dtr: false }) as [ComPortRequest, ...ComPortRequest[]];
    const answers = (request: ComPortRequest | undefined, hex: string): boolean =>
      request !== undefined && isAnswerTo(request, Buffer.from(hex, 'hex'));
    expect(answers(rate, '6500002580')).toBe(true);
    expect(answers(rate, '0100002580')).toBe(false);
    expect(answers(rate, '6608')).toBe(false);
    expect([answers(flow, '6901'), answers(flow, '6903'), answers(flow, '6908')]).toEqual([true, true, false]);
    expect([answers(dtr, '6908'), answers(dtr, '6909'), answers(dtr, '690c')]).toEqual([true, true, false]);
    expect(answers(dtr, '69')).toBe(false);
  });

  it('take the rounded baud rate of a generator for what was asked, and nothing else', () => {
    const [rate, bits] = settingRequests({ baudRate: 115_200 }) as [ComPortRequest, ComPortRequest];
    const asAsked = (request: ComPortRequest, hex: string): boolean => isAsAsked(request, Buffer.from(hex, 'hex'));
    expect(asAsked(rate, '650001c200')).toBe(true);
    expect(asAsked(rate, '650001c1b0')).toBe(true);
    expect(asAsked(rate, '6500009600')).toBe(false);
    expect(asAsked(rate, '65')).toBe(false);
    expect(asAsked(bits, '6607')).toBe(false);
    expect(rate.show(Buffer.from('6500009600', 'hex'))).toBe('38400');
    expect(rate.show(Buffer.from('65ff', 'hex'))).toBe('no number');
    expect(bits.show(Buffer.from('66', 'hex'))).toBe('nothing');
  });
});
